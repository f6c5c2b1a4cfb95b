"""Reading contact lists: CSV, TSV, JSON, JSON Lines and workbooks, lazily, one file per format."""
