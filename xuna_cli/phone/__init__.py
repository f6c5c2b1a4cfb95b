"""Phone numbers: how they are written, which country and kind they are of, and which time zones they lie in."""
