"""Phone numbers: how they are written, and their countries, kinds and time zones."""
