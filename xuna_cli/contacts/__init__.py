"""Reading contact lists: CSV, TSV, JSON, JSON Lines and XLSX."""
