"""Reading contact lists: CSV, TSV, JSON, JSON Lines and XLSX, lazily, one file per format."""

from xuna_cli.contacts.columns import PHONE_COLUMN_NAMES
from xuna_cli.contacts.reading import FORMATS, ContactList, ListOptions, beside_the_list, open_list

__all__ = ["FORMATS", "PHONE_COLUMN_NAMES", "ContactList", "ListOptions", "beside_the_list", "open_list"]
