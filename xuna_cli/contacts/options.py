"""Options for reading a list."""

from collections.abc import Sequence
from enum import StrEnum

from xuna_cli.dataclass import dataclass

FORMATS = ("csv", "tsv", "json", "jsonl", "xlsx")
LIST_KEYS = ("contacts", "calls")
"""Keys of a JSON object that may contain its contacts; `calls` is the API's key."""


class HiddenRows(StrEnum):
    """What to do with hidden rows."""

    CALL = "call"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class ListOptions:
    r"""How to read a list; None means: detect it.

    Attributes:
        format: one of `FORMATS` (default: from the file's name, or else from its first bytes).
        delimiter: the character between the cells of a CSV; also `tab` and `\t` (default: from the header).
        encoding: an encoding that Python knows (default: from the byte order mark, or else UTF-8). Decoding is
            strict.
        phone_columns: exact names of the phone columns, in the order in which they are tried (default: detected by
            name). In JSON, a path (`contact.phone`) is also possible.
        sheet: name of the workbook's sheet, in any case (default: the only visible one with a phone column).
        hidden_rows: what to do with a workbook's hidden rows (default: raise an error).
        first_phone_column: choose the first of several phone columns, for callers that read the others too.
        as_calls: read a table that `xuna render` wrote as reviewed calls.
    """

    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    phone_columns: Sequence[str] = ()
    sheet: str | None = None
    hidden_rows: HiddenRows | None = None
    first_phone_column: bool = False
    as_calls: bool = False
