"""The sandbox: a server that behaves like the vendor's API and dials nobody."""
