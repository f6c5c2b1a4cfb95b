"""Read contact lists lazily: CSV, TSV, JSON, JSON Lines and workbooks. Each format has its own file."""
