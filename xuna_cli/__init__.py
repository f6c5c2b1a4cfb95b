"""xuna: a campaign dialer for the XUNA AI batch-calls API."""

__version__ = "0.2.0"
