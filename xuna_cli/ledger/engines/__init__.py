"""What differs between SQLite and PostgreSQL, and where a ledger is."""
