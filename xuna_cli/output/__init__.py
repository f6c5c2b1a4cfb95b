"""Output: tables, progress, JSON and CSV. Only this package imports rich."""
