"""Outcomes of calls: read conversation records, match them to calls, and store the result in the ledger."""
