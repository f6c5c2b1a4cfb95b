"""How a list is to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FORMATS = ("csv", "tsv", "json", "jsonl", "xlsx")
LIST_KEYS = ("contacts", "calls")
"""Under which a JSON object may have its contacts; `calls` is the API's own word."""


class HiddenRows(StrEnum):
    """What becomes of rows that a filter, or a person, has hidden."""

    CALL = "call"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class ListOptions:
    r"""How to read a list; what is None is found out.

    Attributes:
        format: one of `FORMATS`; else from the file's name, else from its first bytes.
        delimiter: the one character between the cells of a CSV (also `tab`, `\t`); else from its header.
        encoding: a name that Python knows; else from the byte order mark, else UTF-8, always strictly.
        phone_columns: the columns with the phone number, exactly, in the order in which they are tried; else
            the one that is found by its name. In JSON a path (`contact.phone`) is one, too.
        sheet: the workbook's sheet, in any case; else the only visible one with a phone column.
        hidden_rows: what becomes of a workbook's hidden rows; else they stop the reading.
        first_phone_column: take the first of several that have such a name, for whoever reads the others, too.
        as_calls: read a table that `xuna render` wrote as the calls that were reviewed.
    """

    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    phone_columns: Sequence[str] = ()
    sheet: str | None = None
    hidden_rows: HiddenRows | None = None
    first_phone_column: bool = False
    as_calls: bool = False
