"""What came of the calls: conversation records read, joined with the ledger's calls, and kept there."""
