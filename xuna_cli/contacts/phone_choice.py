"""Choose a list's phone column, by the columns' names and by the cells in the first rows."""

import difflib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from xuna_cli.contacts.columns import listed, shell_quoted
from xuna_cli.contacts.phone_names import Standing, standing
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError
from xuna_cli.folding import fold, words
from xuna_cli.json_path import value_at
from xuna_cli.lazy_pattern import lazy_pattern

CODE = "input-phone-column"
Rows = Sequence[Mapping[str, object]]

_DEEPEST = 4  # levels of a JSON contact to search for a phone number
_EXAMPLE = 40  # characters of a cell to quote in a message
_NAMED = 8  # columns to quote with an example in one message
# Digits of a phone number: at least a local number, at most a number with country code (E.164).
_FEWEST, _MOST = 7, 15
_FEWEST_WITHOUT_A_NAME = 10
_SHAPE = lazy_pattern(r"(?:tel: ?)?[+(0-9][0-9 ()./+-]*")
_NOT_PHONES = lazy_pattern(  # dates, amounts, IP addresses
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}.*|\d+[.,]\d{1,2}|\d{1,3}(?:\.\d{1,3}){3}"
)
_WRITTEN_AS_A_PHONE = lazy_pattern(r"\+.*|.*\d[ )/.-]+\(?\d.*|\(.*")
_OF_THINGS = frozenset(
    "id ids uuid key order invoice sku ean upc isbn iban account amount price total date created updated at time "
    "timestamp zip postal postcode plz vat tax ssn card customer_id tracking imei serial number no nr ref "
    "from agent caller callerid transfer forward forwarding fallback fax".split()
)


@dataclass(frozen=True, slots=True)
class PhoneChoice:
    """The chosen phone columns.

    Attributes:
        columns: the columns in the order in which they are tried; empty if the list has no contact.
        given: whether the user named them.
        unused: other columns with phone numbers of the person, judged by name and first cells.
        empty: other columns with such names, but without numbers in the first rows.
    """

    columns: tuple[str, ...] = ()
    given: bool = False
    unused: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


@dataclass(slots=True)
class _Cells:
    """The cells of one column in the first rows."""

    filled: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)

    @property
    def example(self) -> str:
        cell = (self.phones or self.filled or [""])[0]
        return cell if len(cell) <= _EXAMPLE else cell[: _EXAMPLE - 1] + "…"

    @property
    def are_phones(self) -> bool:
        """Whether all cells look like phone numbers, also in their spelling."""
        return (
            bool(self.phones)
            and len(self.phones) == len(self.filled)
            and all(map(_WRITTEN_AS_A_PHONE.fullmatch, self.phones))
        )

    @property
    def may_be_phones(self) -> bool:
        """Whether most cells could be phone numbers with an area code."""
        long = sum(sum(map(str.isdigit, cell)) >= _FEWEST_WITHOUT_A_NAME for cell in self.phones)
        return long > len(self.filled) / 2


def choose(
    columns: Sequence[str], given: Sequence[str], name: str, *, rows: Rows = (), first: bool = False
) -> PhoneChoice:
    """Choose the phone columns.

    Args:
        columns: all column names; in JSON those of the first contact.
        given: the user's `--phone-column` options in order; each must be a column, or a path to a value in a contact.
        name: name of the list in messages.
        rows: the list's first rows.
        first: choose the first of several suitable columns.

    Raises:
        InputError: a given column does not exist, or not exactly one suitable column was found.
    """
    if given:
        for column in given:
            _check_given(column, columns, rows, name)
        chosen = tuple(dict.fromkeys(given))
        return PhoneChoice(chosen, given=True, unused=_unused(columns, chosen, rows))
    cells = {column: _cells(rows, column) for column in columns}
    by_standing = {each: [one for one in columns if standing(one) is each] for each in Standing}
    own, address, weak = (
        _live(by_standing[each], cells) for each in (Standing.OWN, Standing.ADDRESS, Standing.WEAK)
    )
    weak = [one for one in weak if cells[one].phones or not (own or address)]
    named = [*own, *address, *weak]
    if first and named:
        return PhoneChoice((named[0],))
    # A personal phone is preferred to the phone of an address; between two personal phones, xuna doesn't guess.
    rivals = [*(own or address), *weak]
    if not (own or address):
        rivals += _live(by_standing[Standing.OTHERS], cells)
        rivals += [one for one in by_standing[Standing.NO] if cells[one].are_phones and not _of_things(one)]
    if len(rivals) == 1 and named:
        chosen = (rivals[0],)
        known = [*by_standing[Standing.OWN], *by_standing[Standing.ADDRESS]]
        empty = tuple(one for one in known if one not in chosen and not cells[one].filled)
        return PhoneChoice(chosen, unused=_unused(columns, chosen, rows), empty=empty)
    raise _not_one(columns, named, cells, rows, name)


def _not_one(
    columns: Sequence[str], named: Sequence[str], cells: Mapping[str, _Cells], rows: Rows, name: str
) -> InputError:
    further = [
        one
        for one in columns
        if one not in named
        and cells[one].filled
        and (
            standing(one) is Standing.OTHERS
            or (standing(one) is Standing.WEAK and cells[one].phones)
            or (cells[one].may_be_phones and not _of_things(one))
        )
    ]
    found = {one: cells[one].example for one in (*named, *further)} | dict(_nested(rows))
    if not found:
        return InputError(
            f"{name} has no column with a known name for phone numbers; its columns: {listed(columns)}",
            hint="name the column with --phone-column, or rename it to `phone`",
            code=CODE,
        )
    best = next(iter(found))
    shown = ", ".join(
        f"{one!r} (e.g. {cell!r})" if cell else repr(one) for one, cell in list(found.items())[:_NAMED]
    )
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    option = f"--phone-column {shell_quoted(best)}"
    if len(found) > 1:
        several = ""
        persons = [one for one in found if standing(one) >= Standing.ADDRESS]
        if len(persons) > 1:
            options = " ".join(f"--phone-column {shell_quoted(one)}" for one in persons[:2])
            several = (
                f"; to call the first number that is filled in, name several columns in order: `{options}`"
            )
        return InputError(
            f"{name} has more than one column that may contain the phone number: {shown}{more}",
            hint=f"choose one with --phone-column, e.g. `{option}`{several}",
            code=CODE,
        )
    return InputError(
        f"{name} has no column with a known name for phone numbers; this one may contain them: {shown}; "
        f"all columns: {listed(columns)}",
        hint=f"if it contains the person's number, add `{option}`",
        code=CODE,
    )


def phones_of_contact(fields: Mapping[str, object]) -> list[str]:
    """Return the non-empty columns of a JSON contact that contain the person's number, judged only by name."""
    found = [one for one in fields if standing(one) >= Standing.ADDRESS and _text(fields[one])]
    own = [one for one in found if standing(one) is Standing.OWN]
    return own or found


def _live(named: Sequence[str], cells: Mapping[str, _Cells]) -> list[str]:
    """Return the columns that have numbers; if none has, those that have any value; if none has, all of them."""
    return (
        [one for one in named if cells[one].phones]
        or [one for one in named if cells[one].filled]
        or ([] if any(each.phones for each in cells.values()) else list(named))
    )


def _unused(columns: Sequence[str], chosen: Sequence[str], rows: Rows) -> tuple[str, ...]:
    return tuple(
        one
        for one in columns
        if one not in chosen and standing(one) >= Standing.ADDRESS and _cells(rows, one).phones
    )


def _of_things(column: str) -> bool:
    return not _OF_THINGS.isdisjoint(words(column))


def _check_given(column: str, columns: Sequence[str], rows: Rows, name: str) -> None:
    if column in columns or any(value_at(row, column) is not None for row in rows):
        return
    by_plain_name = {fold(one): one for one in columns}
    near = difflib.get_close_matches(fold(column), by_plain_name, n=1)
    meant = f"; did you mean {by_plain_name[near[0]]!r}?" if near else ""
    raise InputError(
        f"{name} has no column {column!r}{meant}",
        hint=f"use one of these with --phone-column: {listed(columns)}",
        code=CODE,
    )


def _cells(rows: Rows, column: str) -> _Cells:
    cells = _Cells()
    for row in rows:
        text = _text(row.get(column))
        if text:
            cells.filled.append(text)
            if _looks_like_phone(text):
                cells.phones.append(text)
    return cells


def _nested(rows: Rows) -> Iterator[tuple[str, str]]:
    """Yield paths in JSON contacts that may lead to a phone number, each with its first value."""
    seen: set[str] = set()
    for row in rows:
        for path, value in _leaves(row, "", 0):
            text = _text(value)
            if "." in path and path not in seen and text and _looks_like_phone(text):
                names = [part for part in path.split(".") if not part.isdigit()]
                if any(standing(part) >= Standing.ADDRESS for part in names):
                    seen.add(path)
                    yield path, text[:_EXAMPLE]


def _leaves(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    below: Iterator[tuple[object, object]]
    if isinstance(value, Mapping):
        below = iter(value.items())
    elif isinstance(value, list):
        below = iter(enumerate(value))
    else:
        yield path, value
        return
    if depth < _DEEPEST:
        for name, each in below:
            yield from _leaves(each, f"{path}.{name}" if path else str(name), depth + 1)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    if isinstance(value, int) and value.bit_length() > 64:  # noqa: PLR2004 - far longer than any number
        return ""
    return str(value).strip().strip("'\N{RIGHT SINGLE QUOTATION MARK}")


def _looks_like_phone(text: str) -> bool:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
        text = "".join("-" if unicodedata.category(char) == "Pd" else char for char in text)
    text = text.partition(":::")[0].strip().lower()
    return (
        _SHAPE.fullmatch(text) is not None
        and _FEWEST <= sum(map(str.isdigit, text)) <= _MOST
        and _NOT_PHONES.fullmatch(text) is None
    )
