"""Read a row's phone number, which may be in several columns, and belong to several countries."""

import shlex
from collections.abc import Callable, Mapping, Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.json_path import value_at, values_within
from xuna_cli.phone.place_columns import region_columns
from xuna_cli.phone.reader import PhoneProblem, PhoneReader
from xuna_cli.phone.regions import region_of
from xuna_cli.targets.values import is_empty

BETWEEN_VALUES = ":::"
"""Google Contacts' separator between several numbers in one cell."""

_MANY_DIGITS = 7
_REMEMBERED = 10_000  # cells of a region column to cache
Named = Callable[[Mapping[str, object]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class PhoneColumns:
    """Columns for a row's phone number and its country.

    Attributes:
        columns: columns with phone numbers, in the order in which they are tried.
        regions: columns with the country, in the order in which they are used.
        in_contact: finds the phone columns of a contact that lacks the list's columns, by its own field names; None
            if all rows have the same columns, or the user named them.
        regions_in_contact: whether contacts may also have region columns with other names.
    """

    columns: tuple[str, ...]
    regions: tuple[str, ...] = ()
    in_contact: Named | None = None
    regions_in_contact: bool = False


class RowPhoneProblem(PhoneProblem):
    """The reason why a row has no number to call, with the column."""

    def __init__(self, code: str, message: str, column: str) -> None:
        super().__init__(code, message)
        self.column = column


class RowPhone:
    """Reads the phone number of each row, from the first of its columns that has a readable number.

    Args:
        where: the columns.
        region: country of numbers without + if no column gives one.
        strict: as for `PhoneReader`.
    """

    def __init__(self, where: PhoneColumns, *, region: str | None, strict: bool) -> None:
        self._where = where
        self._strict = strict
        self._readers: dict[str | None, PhoneReader] = {}
        self._home = self._reader(region)
        self._by_cells: dict[tuple[str, ...], PhoneReader | str] = {}
        self._by_keys: dict[tuple[str, ...], tuple[str, ...]] = {}

    @property
    def plus_added(self) -> int:
        """Number of phone numbers that had a country code without +, and were read as if they had one."""
        return sum(reader.plus_added for reader in self._readers.values())

    def __call__(self, fields: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
        """Return the number to call as E.164, and the row's other numbers.

        Raises:
            RowPhoneProblem: no column has a number to call.
        """
        columns: Sequence[str] = self._where.columns
        if self._where.in_contact is not None and len(columns) == 1 and columns[0] not in fields:
            columns = self._own_columns(fields) or columns
        reader = self._reader_of(fields)
        numbers: dict[str, None] = {}
        problems: list[tuple[str, PhoneProblem]] = []
        for column in columns:
            for part in parts(value_at(fields, column)):
                try:
                    numbers[self._read(part, reader, fields)] = None
                except PhoneProblem as problem:
                    problems.append((column, _with_path(problem, part, column)))
        if numbers:
            number, *others = numbers
            return number, tuple(others)
        raise _none(columns, problems)

    def _own_columns(self, fields: Mapping[str, object]) -> Sequence[str]:
        assert self._where.in_contact is not None  # noqa: S101 - the caller has checked this
        found = self._where.in_contact(fields)
        if len(found) > 1:
            message = (
                f"{found[0]!r} and {found[1]!r} may both be the phone number; choose one with --phone-column"
            )
            raise RowPhoneProblem("phone-ambiguous", message, found[1])
        return found

    def _read(self, cell: object, reader: "PhoneReader | str", fields: Mapping[str, object]) -> str:
        if isinstance(reader, PhoneReader):
            return reader.normalise(cell)
        try:  # a number with + needs no country
            return self._reader(None).normalise(cell)
        except PhoneProblem as problem:
            if problem.code != "phone-no-country":
                raise
            column = next(one for one in self._regions(fields) if not is_empty(value_at(fields, one)))
            message = (
                f'"{str(cell).strip()}" has no +, and {reader}; write the number with + and the country code'
            )
            raise RowPhoneProblem("phone-region", message, column) from None

    def _reader_of(self, fields: Mapping[str, object]) -> "PhoneReader | str":
        """Return the reader for the row's country, or the reason why the country is unknown."""
        regions = self._regions(fields)
        if not regions:
            return self._home
        cells = tuple([value_at(fields, column) for column in regions])
        key = tuple(map(repr, cells))
        known = self._by_cells.get(key)
        if known is None:
            known = self._find_reader(regions, cells)
            if len(self._by_cells) < _REMEMBERED:
                self._by_cells[key] = known
        return known

    def _regions(self, fields: Mapping[str, object]) -> tuple[str, ...]:
        if not self._where.regions_in_contact:
            return self._where.regions
        keys = tuple(fields)
        if keys not in self._by_keys:
            found = (*self._where.regions, *region_columns(keys, self._where.columns[0]))
            if len(self._by_keys) >= _REMEMBERED:
                return tuple(dict.fromkeys(found))
            self._by_keys[keys] = tuple(dict.fromkeys(found))
        return self._by_keys[keys]

    def _find_reader(self, columns: Sequence[str], cells: Sequence[object]) -> "PhoneReader | str":
        said: list[tuple[str, object, str]] = []
        for column, cell in zip(columns, cells, strict=True):
            if is_empty(cell):
                continue
            region = region_of(cell)
            if region is None:
                return f'{column!r} is "{_short(cell)}", which is not a known country'
            said.append((column, cell, region))
        if not said:
            return self._home
        first = said[0]
        for column, cell, region in said[1:]:
            if not _agree(first[2], region):
                one, other = _short(first[1]), _short(cell)
                return f'{first[0]!r} is "{one}" but {column!r} is "{other}", a different country'
        # If one column has a calling code and another has a country with this code, the country is more precise.
        regions = [region for _, cell, region in said if not str(cell).strip().lstrip("+0").isdecimal()]
        return self._reader(regions[0] if regions else first[2])

    def _reader(self, region: str | None) -> PhoneReader:
        if region not in self._readers:
            self._readers[region] = PhoneReader(region, strict=self._strict)
        return self._readers[region]


def _agree(one: str, other: str) -> bool:
    from phonenumbers import country_code_for_region  # noqa: PLC0415 - only if two columns give a country

    return one == other or country_code_for_region(one) == country_code_for_region(other)


def parts(cell: object) -> Sequence[object]:
    """Return the cell, or each of several numbers in it."""
    if isinstance(cell, str) and BETWEEN_VALUES in cell:
        return [part for part in cell.split(BETWEEN_VALUES) if part.strip()] or [cell]
    return (cell,)


def _with_path(problem: PhoneProblem, cell: object, column: str) -> PhoneProblem:
    """Name the path of a number inside an object or a list, which can be chosen as the phone column."""
    if not isinstance(cell, (dict, list)):
        return problem
    inside = (path for path, _, value in values_within({column: cell}) if _has_many_digits(value))
    path = next(inside, None)
    if path is None:
        return problem
    kind = "an object" if isinstance(cell, dict) else "a list"
    message = f"the phone number is inside {kind}; choose it with --phone-column {shlex.quote(path)}"
    return PhoneProblem(problem.code, message)


def _has_many_digits(value: object) -> bool:
    return isinstance(value, (str, int)) and sum(map(str.isdigit, str(value))) >= _MANY_DIGITS


def _none(columns: Sequence[str], problems: Sequence[tuple[str, PhoneProblem]]) -> RowPhoneProblem:
    telling = [each for each in problems if each[1].code != "phone-missing"] or list(problems)
    column, problem = telling[0]
    if isinstance(problem, RowPhoneProblem):
        return problem
    if len(columns) == 1:
        return RowPhoneProblem(problem.code, problem.message, column)
    tried = ", ".join(map(repr, columns))
    where = f"{column!r}: " if problem.code != "phone-missing" else ""
    return RowPhoneProblem(problem.code, f"{where}{problem.message} (tried: {tried})", column)


def _short(cell: object, longest: int = 40) -> str:
    text = str(cell).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"
