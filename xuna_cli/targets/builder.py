"""Build call targets: make a call target or a rejection of each contact."""

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError
from xuna_cli.models import CallTarget, CellFault, Contact, Rejection
from xuna_cli.phone.place_columns import zone_columns
from xuna_cli.targets.call_window import NO_WINDOW_COLUMNS, WindowColumns, WindowReader
from xuna_cli.targets.fast_path import fast_path
from xuna_cli.targets.home_state import HomeState
from xuna_cli.targets.lint import Lint
from xuna_cli.targets.names import AmbiguousName, column_for, respelled, unspaced
from xuna_cli.targets.override import (
    FIRST_MESSAGE,
    Override,
    Path,
    as_json,
    build_override,
    check_paths,
    clash,
    message_of,
)
from xuna_cli.targets.own_values import OWN_OVERRIDE, check_placed, own_columns, own_values
from xuna_cli.targets.rendered_list import KEY_SEPARATOR, RenderedList, check_unmarked
from xuna_cli.targets.row_phone import PhoneColumns, RowPhone, RowPhoneProblem
from xuna_cli.targets.template import Template, check_columns, no_column
from xuna_cli.targets.values import TargetProblem, is_empty

_NESTED = frozenset({dict, list})
ATTEMPT = "attempt"
LONGEST_KEY = 1_000  # bytes in UTF-8; PostgreSQL's indexes allow about 2,700, including other columns


@dataclass(frozen=True, slots=True)
class ListColumns:
    """The columns of a list, and what its call targets take from them.

    Attributes:
        names: all columns; if they are not complete, those of the first contact.
        phones: columns with phone numbers, and columns with their country.
        are_complete: whether later contacts can't have other columns (they can in JSON).
        of_workbook: whether the list is a workbook, whose cells may have errors or no result.
        key: column whose value, together with the number, makes the key (default: only the number).
        timezone: column with the person's IANA time zone.
        home_state: tells in which state the person lives; None if the list doesn't say it.
        windows: columns that say when the person may be called.
    """

    names: Sequence[str]
    phones: PhoneColumns
    are_complete: bool = True
    of_workbook: bool = False
    key: str | None = None
    timezone: str | None = None
    home_state: HomeState | None = None
    windows: WindowColumns = NO_WINDOW_COLUMNS


class TargetBuilder:
    """Turns the contacts of a list into call targets of one attempt.

    Args:
        columns: the list's columns.
        region: country of numbers without `+`, as returned by `phone.check_region`.
        strict: whether numbers must be *valid*, not only *possible*.
        overrides: templates of the override, from `override.parse_override` and `first_message`.
        keep_contact: whether targets keep their contact, to write it to a file if the API rejects it.
        lint: checks the finished messages.
        rendered: header of a list from `xuna render`, whose rows contain keys of its campaign.
        attempt: number of the attempt, which templates have as `attempt` unless the list has such a column.

    Attributes:
        warnings: one for each missing column that is only used with `default`.

    Raises:
        UsageError: two overrides contradict each other.
        InputError: the list lacks a column that a template or the key needs, or two of its own columns contradict
            each other. Nothing has been sent then.
    """

    def __init__(
        self,
        columns: ListColumns,
        *,
        region: str | None = None,
        strict: bool = False,
        overrides: Sequence[Override] = (),
        keep_contact: bool = False,
        lint: Lint | None = None,
        rendered: RenderedList | None = None,
        attempt: int = 1,
    ) -> None:
        check_paths(overrides)
        self._attempt = attempt
        self._says_attempt = says_attempt(overrides, columns.names)
        names = (*columns.names, ATTEMPT) if self._says_attempt else columns.names
        self._own_columns = own_columns(names)
        bound = tuple(replace(override, template=override.template.bound(names)) for override in overrides)
        # In JSON each contact may spell its field names differently, so names are looked up for each contact.
        self._overrides = bound if columns.are_complete else tuple(overrides)
        self._names = tuple(
            dict.fromkeys(name for each in self._overrides for name in each.template.all_columns)
        )
        self._columns_are_complete = columns.are_complete
        self.warnings, self._missing_is_empty = self._check_templates(bound, names)
        self._key_column = None if columns.key is None else _key_column(columns.key, names)
        self._keep_contact = keep_contact
        self._timezone_column = columns.timezone
        self._home_state = columns.home_state
        self._has_places = columns.timezone is not None or columns.home_state is not None
        self._window = (
            WindowReader(columns.windows, any_names=not columns.are_complete)
            if columns.windows.columns
            else None
        )
        self._lint = lint
        self._rendered = rendered
        self._may_have_faults = columns.of_workbook
        self._phone = RowPhone(columns.phones, region=region, strict=strict)
        # Columns that a call needs; workbook errors in other cells don't matter.
        spoken = {name for override in bound for name in override.template.all_columns} | set(
            self._own_columns
        )
        steering = {*columns.phones.columns[:1], *columns.phones.regions, *columns.windows.columns}
        steering.update(filter(None, (self._key_column, columns.timezone)))
        needed = spoken | steering
        # The first faulty cell of a row is named, in every run the same one.
        self._needed = (*(name for name in names if name in needed), *sorted(needed.difference(names)))
        # Rows with their own message take the slow path; in JSON, any row may have its own fields.
        self._fast_path = None if self._own_columns else fast_path(bound)
        self._usual_columns = None if columns.are_complete else dict.fromkeys(names).keys()

    @property
    def plus_added(self) -> int:
        """Number of phone numbers that had a country code without +, and were read as if they had one."""
        return self._phone.plus_added

    def __call__(self, contact: Contact) -> CallTarget | Rejection:
        """Return the call target of a contact, or a rejection. Never raises because of a contact."""
        row_number, fields = contact.row_number, contact.fields
        if self._may_have_faults:
            for column in self._needed:
                if isinstance(cell := fields.get(column), CellFault):
                    return Rejection(row_number, cell.code, column, cell.message, contact)
        try:
            number, others = self._phone(fields)
        except RowPhoneProblem as problem:
            return Rejection(row_number, problem.code, problem.column, problem.message, contact)
        try:
            if self._rendered is not None:
                key = self._rendered.key(number, fields)
            else:
                check_unmarked(fields)
                if not (self._columns_are_complete or _NESTED.isdisjoint(map(type, fields.values()))):
                    check_placed(fields)
                key = number if self._key_column is None else self._key(number, fields)
            if len(key) > LONGEST_KEY // 4:  # a character has up to four bytes
                self._check_length(key)
            if self._says_attempt:
                fields = {ATTEMPT: self._attempt, **fields}
            override = self._override(row_number, fields)
            timezone = self._timezone(number, fields) if self._has_places else None
            window = self._window(fields) if self._window is not None else None
        except TargetProblem as problem:
            return Rejection(row_number, problem.code, problem.column, problem.message, contact, number)
        return CallTarget(
            row_number,
            key,
            number,
            override,
            contact if self._keep_contact else None,
            timezone,
            others,
            window,
            self._attempt,
        )

    def _check_templates(
        self, overrides: Sequence[Override], columns: Sequence[str]
    ) -> tuple[list[str], bool]:
        """Return warnings, and whether a column that a row lacks counts as an empty cell."""
        needed: list[Template] = []
        spoken_for: list[Template] = []
        for override in overrides:
            # If rows can have their own values, perhaps no row needs the template.
            by_rows = any(clash(override.path, path) for path in self._own_columns.values())
            (spoken_for if by_rows else needed).append(override.template)
        warnings = check_columns(needed, columns, complete=self._columns_are_complete)
        lacking = [
            f"{template.where} needs {column!r}, which the list doesn't have; "
            "rows without their own message are rejected"
            for template in spoken_for
            for column in template.columns
            if column not in columns
        ]
        # A row of a text format may be short; then its missing cells count as empty.
        return warnings + lacking, self._columns_are_complete and not lacking

    def _key(self, number: str, fields: Mapping[str, object]) -> str:
        column = self._key_column or ""
        if not self._columns_are_complete:
            fields = respelled(fields, (column,))
        value = fields.get(column)
        if is_empty(value):
            message = f"{column!r} is empty, but --key needs a value there"
            raise TargetProblem("key-missing", message, column)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            message = f"{column!r} must be text or a whole number for --key"
            raise TargetProblem("key-not-text", message, column)
        try:
            # A letter and its accent have several encodings in Unicode; normalize them, so that the key is the same.
            text = unicodedata.normalize("NFC", str(value).strip())
            text.encode()
        except ValueError:  # half a character, or an integer of thousands of digits: can't be stored
            raise TargetProblem("key-not-text", f"{column!r} can't be stored as text", column) from None
        return f"{number}{KEY_SEPARATOR}{text}"

    def _check_length(self, key: str) -> None:
        if (size := len(key.encode("utf-8", "surrogatepass"))) > LONGEST_KEY:
            message = (
                f"the key is {size:,} bytes long, but at most {LONGEST_KEY:,} are allowed; shorten the cell"
            )
            raise TargetProblem("key-too-long", message, self._key_column or "")

    def _timezone(self, number: str, fields: Mapping[str, object]) -> str | None:
        """Return what the list says of the person's time zone, or else the state, if it matters."""
        zone = self._stated_timezone(fields) if self._timezone_column is not None else None
        if zone is None and self._home_state is not None:
            return self._home_state(number, fields)
        return zone

    def _stated_timezone(self, fields: Mapping[str, object]) -> str | None:
        column = self._timezone_column or ""
        value = fields.get(column)
        if not self._columns_are_complete and is_empty(value) and zone_columns([column]):
            # A later JSON contact may spell the field differently; ignoring it would give wrong hours.
            found = [name for name in zone_columns(fields) if not is_empty(fields[name])]
            if len(found) > 1:
                message = f"{found[0]!r} and {found[1]!r} may both be the time zone; choose one with --timezone-column"
                raise TargetProblem("timezone-ambiguous", message, found[1])
            value = fields[found[0]] if found else None
        # There are few zones and many rows, so each name is stored once.
        return None if is_empty(value) else sys.intern(str(value).strip())

    def _override(self, row_number: int, fields: Mapping[str, object]) -> str | None:
        if self._fast_path is not None and self._has_usual_columns(fields):
            override = self._fast_path(fields)
            if override is not None:
                return override
        return self._slow_path(row_number, fields)

    def _has_usual_columns(self, fields: Mapping[str, object]) -> bool:
        # A JSON contact with other fields may have its own values.
        return self._usual_columns is None or fields.keys() == self._usual_columns

    def _slow_path(self, row_number: int, fields: Mapping[str, object]) -> str | None:
        columns = self._own_columns
        if not self._columns_are_complete:
            try:
                columns = own_columns(fields)
            except InputError as error:
                raise TargetProblem(error.code, error.message) from None
            fields = respelled(fields, self._names)
        own = own_values(fields, columns) if columns else {}
        override = build_override(fields, self._overrides, own, missing_is_empty=self._missing_is_empty)
        if override is None:
            return None
        if self._lint is not None:
            cells = {name: fields[name] for name in self._names if name in fields}
            self._lint(row_number, override, cells, _own_message(own, columns))
        return as_json(override)


def says_attempt(overrides: Sequence[Override], columns: Sequence[str]) -> bool:
    """Return whether a template uses the number of the attempt: `attempt`, where the list has no such column."""
    return any(ATTEMPT in override.template.all_columns for override in overrides) and not any(
        unspaced(column) == unspaced(ATTEMPT) for column in columns
    )


def _key_column(name: str, columns: Sequence[str]) -> str:
    try:
        column = column_for(name, columns)
    except AmbiguousName as problem:
        raise InputError(f"--key: {problem}", code="column-ambiguous") from None
    if column is None:
        raise no_column("--key", name, columns)
    return column


def _own_message(own: Mapping[str, object], columns: Mapping[str, Path]) -> tuple[str, str] | None:
    """Return the column and the text of a row's own first message, or None."""
    message = message_of(own)
    if message is None:
        return None
    column = next((name for name, path in columns.items() if path == FIRST_MESSAGE), None)
    return column or next((name for name, path in columns.items() if not path), OWN_OVERRIDE), message
