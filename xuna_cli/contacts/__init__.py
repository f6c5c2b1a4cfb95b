"""Reading contact lists: CSV, TSV, JSON, JSON Lines and XLSX, lazily, one file per format."""

from xuna_cli.contacts.columns import PHONE_COLUMN_NAMES
from xuna_cli.contacts.reading import FORMATS, ContactList, ListOptions, open_list

__all__ = ["FORMATS", "PHONE_COLUMN_NAMES", "ContactList", "ListOptions", "open_list"]
