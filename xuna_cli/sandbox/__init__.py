"""A local stand-in for the vendor's API that dials nobody."""
