"""Read the rows of an XLSX sheet as text, if they have the form in which nearly all programs write them.

The XML must be known to be well-formed, without comments, CDATA sections and processing instructions. A tag is then all
that begins with `<`, so rows and cells are all there is if they have as many `<` as the text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import repeat
from typing import TypeVar

from xuna_cli.contacts.workbooks.sheets import MOST_DIGITS, MOST_ROWS, SheetRow, put
from xuna_cli.contacts.workbooks.units import resolved
from xuna_cli.lazy_pattern import lazy_pattern

_TEXT, _DIGITS = r"([^<\r]*)", "([0-9]{1,9})"
_ROW = r'\s*<row r="([0-9]{1,7})"([^<>/]*)>'
_EMPTY = r'(?: s="[0-9]+")?/>'
_FORMULA = r"<f[^<>]*(?:/>|>[^<]*</f>)"
_ROW_OR_CELL = lazy_pattern(
    rf'(?:</row>|\A){_ROW}|<c r="([A-Z]{{1,2}})[0-9]+"'
    rf'(?:([^<>/]*>(?:{_FORMULA})?<(?:v|is><t(?: xml:space="preserve")?)>){_TEXT}</(?:v|t></is)></c>|{_EMPTY})'
)
_ATTRIBUTES = lazy_pattern(r' ([A-Za-z0-9:]+)="([^"<>&\s]*)"')
_MOST_ALIKE = 64  # columns
_PATIENCE = 20
_LONGEST_KNOWN = 500

Show = Callable[[str], str]


class UnusualError(Exception):
    """A row or a cell has another form."""


class UsualRows:
    """Reads rows of the usual form.

    Args:
        texts: the texts that cells share.
        show: returns what shows the values of cells of a type and a style.
        recalculates: whether no result of a formula is valid.
    """

    def __init__(self, texts: Sequence[str], show: Callable[[str, str], Show], *, recalculates: bool) -> None:
        self._texts = texts
        self._recalculates = recalculates
        self._show = show
        self._cells, self._columns = _Known(self._cell), _Known(column_of)
        self._alike: _AlikeRows | None = None
        self._patience = _PATIENCE  # while it lasts, rows are expected to be like earlier ones

    def read(self, units: str) -> list[SheetRow]:
        """Return rows.

        Args:
            units: whole rows in XML, from a start tag to an end tag.

        Raises:
            UnusualError: one of them has another form, or is an error.
        """
        rows = self._alike.read(units) if self._alike is not None and self._patience else None
        if rows is None:
            return self._read_each(units)
        self._patience += 1
        return rows

    def _read_each(self, units: str) -> list[SheetRow]:
        rows: list[SheetRow] = []
        row: list[str] = []
        tags = 0
        texts, cells, columns = self._texts, self._cells, self._columns
        has_references = "&" in units
        found = _ROW_OR_CELL.findall(units)
        for number, attributes, letters, head, value in found:
            if number:
                row = []
                rows.append(SheetRow(int(number), row, _is_hidden(attributes)))
                tags += 2
                continue
            shown, tags_of_cell = cells[head]
            tags += tags_of_cell
            if has_references:
                value = resolved(value)  # noqa: PLW2901
            text = shown(value) if shown is not None else _shared(texts, value)
            if text:
                put(row, columns[letters], text)
        if tags != units.count("<") or any(number > MOST_ROWS for number, _, _ in rows):
            raise UnusualError
        if self._patience:
            self._patience -= 1
            self._alike = self._alike_to({letters: head for _, _, letters, head, _ in found if head})
        return rows

    def _alike_to(self, heads: dict[str, str]) -> "_AlikeRows | None":
        """Return a reader of rows with these heads of cells by column; None if there are none, or too many."""
        ordered = sorted(heads, key=column_of)
        cells = [(letters, heads[letters], self._cells[heads[letters]][0]) for letters in ordered]
        return _AlikeRows(cells, self._texts) if 0 < len(cells) <= _MOST_ALIKE else None

    def _cell(self, head: str) -> tuple[Show | None, int]:
        """Return what shows the value of a cell (None: a shared text), and the number of its tags.

        Args:
            head: what is between the cell's reference and its value, e.g. ` s="1"><v>`; empty for a cell without a
                value.
        """
        if not head:
            return _nothing, 1
        attributes, formula, opening = _parts(head)
        found = _attributes(attributes)
        kind, is_inline = found.get("t", "n"), opening != "<v>"
        if kind == "e" or (kind == "inlineStr") is not is_inline or (formula and self._recalculates):
            raise UnusualError
        tags = 1 + head.count("<") + (3 if is_inline else 2)
        if kind == "s":
            return None, tags
        shown = self._show(kind, found.get("s", "0"))
        return (lambda value: shown(value or _fail())) if formula else shown, tags


class _AlikeRows:
    """Reads rows whose cells have the same type and style in each column; some of the cells may be missing.

    One match finds a whole row, which takes half of the time.

    Args:
        cells: for each column its letters, the head of its cells, and what shows their values (None: a shared text).
        texts: the texts that cells share.
    """

    def __init__(self, cells: Sequence[tuple[str, str, Show | None]], texts: Sequence[str]) -> None:
        self._texts = texts
        self._shown = [(column_of(letters), shown) for letters, _, shown in cells]
        patterns = [
            f'(?:<c r="{letters}[0-9]+"(?:{_form(head)}{_DIGITS if shown is None else _TEXT}'
            f"</{'v' if head.endswith('<v>') else 't></is'}></c>|{_EMPTY}))?"
            for letters, head, shown in cells
        ]
        self._pattern = re.compile(f"{_ROW}{''.join(patterns)}</row>|([\\s\\S]+)")

    def read(self, units: str) -> list[SheetRow] | None:
        """Return rows; None if one of them has other cells."""
        numbers, attributes, *columns, others = zip(*self._pattern.findall(units), strict=True)
        if others[-1]:
            return None
        made: list[Iterable[str]] = [repeat("")] * (self._shown[-1][0] + 1)
        try:
            for (place, shown), values in zip(self._shown, columns, strict=True):
                if shown is None:
                    made[place] = [self._texts[int(value)] if value else "" for value in values]
                else:
                    made[place] = map(shown, map(resolved, values) if "&" in units else values)
        except IndexError:
            return None
        hidden = map(_is_hidden, attributes) if "hidden" in units else repeat(False)
        # Some repeat without end. A named tuple's own constructor takes three times as long.
        made_rows = zip(map(int, numbers), map(list, zip(*made)), hidden)  # noqa: B905
        rows = list(map(partial(tuple.__new__, SheetRow), made_rows))
        for number, cells, _ in rows:
            while cells and not cells[-1]:
                cells.pop()
            if number > MOST_ROWS:
                return None
        return rows


_T = TypeVar("_T")


class _Known(dict[str, _T]):
    """Values of the first thousand short keys, made when they are first asked for."""

    def __init__(self, make: Callable[[str], _T]) -> None:
        self._make = make

    def __missing__(self, key: str) -> _T:
        value = self._make(key)
        if len(self) < 1000 and len(key) <= _LONGEST_KNOWN:  # noqa: PLR2004
            self[key] = value
        return value


def _parts(head: str) -> tuple[str, str, str]:
    """Return the attributes of a cell, its formula, and the start tags of its value."""
    attributes, _, rest = head.partition(">")
    at = max(rest.rfind("<v>"), rest.rfind("<is>"))
    return attributes, rest[:at], rest[at:]


def _form(head: str) -> str:
    """Return a regular expression for all heads that are like this one, with any formula if it has one."""
    attributes, formula, opening = _parts(head)
    return f"{re.escape(attributes)}>{_FORMULA if formula else ''}{re.escape(opening)}"


def _fail() -> str:
    raise UnusualError  # a formula without a result


def _is_hidden(attributes: str) -> bool:
    return "hidden" in attributes and _attributes(attributes).get("hidden") in {"1", "true"}


@lru_cache(maxsize=1024)
def _attributes(text: str) -> dict[str, str]:
    found = _ATTRIBUTES.findall(text)
    if len(text) > _LONGEST_KNOWN or len(text) != sum(len(f' {name}="{value}"') for name, value in found):
        raise UnusualError
    return dict(found)


def _shared(texts: Sequence[str], index: str) -> str:
    if not (index.isdigit() and index.isascii() and len(index) <= MOST_DIGITS and int(index) < len(texts)):
        raise UnusualError
    return texts[int(index)]


def _nothing(_: str) -> str:
    return ""


def column_of(reference: str | None, default: int = 0) -> int:
    """Return a cell's column, counted from 0: 1 for `B3`."""
    column = 0
    for letter in reference or "":
        if not "A" <= letter <= "Z":
            break
        column = 26 * column + ord(letter) - 64
    return column - 1 if column else default
