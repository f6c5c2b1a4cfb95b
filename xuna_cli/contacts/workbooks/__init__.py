"""Formats of workbooks: XLSX, XLS and ODS, one sheet at a time."""
