"""What the user sees: tables, progress, JSON and CSV; the only room that imports rich."""
