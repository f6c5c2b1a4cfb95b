"""Decide what the columns of a list are used for, by their names or by options."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from xuna_cli.contacts.columns import ListUse, listed, shell_quoted
from xuna_cli.contacts.contact_list import LOOKED_AT, ContactList
from xuna_cli.contacts.phone_choice import phones_of_contact
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError
from xuna_cli.folding import fold
from xuna_cli.json_path import value_at, values_within
from xuna_cli.phone.place_columns import (
    begins_a_number,
    may_be_region,
    may_be_zone,
    region_columns,
    zone_columns,
)
from xuna_cli.phone.states import state_columns, state_of
from xuna_cli.screening.mark_names import Says, says
from xuna_cli.screening.marks import Marks, do_not_call_paths, remark_columns
from xuna_cli.screening.marks import do_not_call_columns as marked_columns
from xuna_cli.screening.remarks import (
    is_cancelled,
    is_of_another_channel,
    may_say_do_not_call,
    says_do_not_call,
)
from xuna_cli.targets.call_window import AFTER, BEFORE, WindowColumns, columns_named
from xuna_cli.targets.foreign_names import override_of, time_option_of
from xuna_cli.targets.home_state import HomeState
from xuna_cli.targets.own_values import check_placed, own_path
from xuna_cli.targets.row_phone import PhoneColumns
from xuna_cli.targets.template import nearest
from xuna_cli.targets.values import TargetProblem, is_empty

DEFAULT_TIMEZONE_COLUMN = "timezone"
NONE = "none"
"""What `--region-column`, `--do-not-call-column` and the like are given to use no column."""

_LONGEST_REMARK = 60  # characters, if the column isn't named like remarks; longer texts may be messages


@dataclass(frozen=True, slots=True)
class ListPlan:
    """The use of a list's columns.

    Attributes:
        phones: columns with the phone number and its country.
        marks: the do-not-call marks, or None.
        use: summary for the result.
        notes: unused columns and the options that would use them; printed even with `--quiet`.
        home_state: tells in which state a person lives; None if the list doesn't say it.
    """

    phones: PhoneColumns
    marks: Marks | None
    use: ListUse
    notes: tuple[str, ...]
    home_state: HomeState | None = None


def phones_of(contacts: ContactList, region_column: str | None) -> PhoneColumns:
    """Return the columns with the phone numbers and their countries.

    Args:
        contacts: the open list.
        region_column: value of --region-column, or None.

    Raises:
        InputError: the list lacks the named column.
    """
    chosen = contacts.phones
    any_names = not contacts.columns_are_complete
    by_name = phones_of_contact if any_names and not chosen.given else None
    if region_column is not None:
        named = _named(contacts, region_column, "--region-column")
        return PhoneColumns(chosen.columns, named, by_name)
    regions = region_columns(
        contacts.columns, contacts.phone_column, [contact.fields for contact in contacts.first_rows]
    )
    return PhoneColumns(chosen.columns, regions, by_name, regions_in_contact=any_names)


def plan_list(
    contacts: ContactList,
    *,
    region_column: str | None,
    state_column: str | None,
    do_not_call_columns: Sequence[str],
    windows: WindowColumns,
    used: Collection[str],
) -> ListPlan:
    """Decide what the columns of a list are used for.

    Args:
        contacts: the open list.
        region_column: a column, `none`, or None to detect the column by its name.
        state_column: likewise.
        do_not_call_columns: columns, or nothing to detect them by their names.
        windows: columns that say when the person may be called.
        used: columns that templates and other options use.

    Raises:
        InputError: the list lacks a named column, or has overrides that nothing uses.
    """
    _check_overrides(contacts)
    phones = phones_of(contacts, region_column)
    marks = _marks(contacts, do_not_call_columns)
    marked = marks.columns
    home_state = _home_state(contacts, state_column)
    states = home_state.columns if home_state is not None else ()
    remarks = [column for column in marks.remarks if says(column) is not Says.CONSENT]
    taken = {*phones.columns, *phones.regions, *marked, *remarks, *windows.columns, *states, *used}
    unused = _unused(contacts, {fold(column) for column in taken}, marks)
    found = dict.fromkeys(column for columns, _ in unused for column in columns)
    return ListPlan(
        phones=phones,
        marks=marks if marked or marks.remarks or marks.in_contact else None,
        use=ListUse(
            phones.columns,
            phones.regions,
            marked,
            contacts.sheet,
            tuple(column for column in dict.fromkeys((*_names(contacts), *found)) if column in found),
            _there(windows.after, contacts),
            _there(windows.before, contacts),
            marks.remarks,
            states,
        ),
        notes=(
            *contacts.notes,
            *_sheets_not_read(contacts.other_sheets),
            *(line for _, line in unused),
            *_cancelled(contacts, marks.remarks),
        ),
        home_state=home_state,
    )


def _sheets_not_read(sheets: Sequence[str]) -> Iterator[str]:
    """Yield a line for each other sheet of the workbook whose name says that it has people not to call."""
    for sheet in sheets:
        if says(sheet) is Says.DO_NOT_CALL:
            yield (
                f"the people on sheet {sheet!r} may be called; if they must not be, save this sheet as a file of its "
                "own and add --do-not-call FILE"
            )


def _cancelled(contacts: ContactList, columns: Sequence[str]) -> Iterator[str]:
    """Yield a line for each column in which some of the first rows, but not all, are cancelled."""
    for column in columns:
        rows = [row for row in contacts.first_rows if is_cancelled(value_at(row.fields, column))]
        if rows and len(rows) < len(contacts.first_rows):
            cell = value_at(rows[0].fields, column)
            yield (
                f'row {rows[0].row_number} has {column!r} "{cell}", and people in such rows are called like all '
                "others; if they should not hear this message, delete these rows"
            )


def _marks(contacts: ContactList, named: Sequence[str]) -> Marks:
    """Return the columns with do-not-call marks.

    Args:
        contacts: the open list.
        named: the columns that the user named, or nothing to detect them by their names.
    """
    rows = [contact.fields for contact in contacts.first_rows]
    any_names = not contacts.columns_are_complete
    columns = _names(contacts)
    if not named:
        marked = marked_columns(columns)
        inside = do_not_call_paths(rows) if any_names else ()
        return Marks((*marked, *inside), _remarks(columns, rows), in_contact=any_names)
    chosen = [each for column in named for each in _named(contacts, column, "--do-not-call-column")]
    remarks = [column for column in _remarks(columns, rows) if column not in chosen] if chosen else ()
    return Marks(tuple(dict.fromkeys(chosen)), tuple(remarks))


def _remarks(columns: Iterable[str], rows: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """Return the columns that have remarks: by their names, or because one of the first rows says "do not call"."""
    by_name = remark_columns(columns)
    by_cell = {
        column
        for fields in rows
        if may_say_do_not_call("\n".join([cell for cell in fields.values() if isinstance(cell, str)]))
        for column, cell in fields.items()
        if says(column) is Says.NOTHING and not is_of_another_channel(column)
        if own_path(column) is None and override_of(column) is None
        if isinstance(cell, str) and len(cell) <= _LONGEST_REMARK and says_do_not_call(cell)
    }
    return tuple(column for column in columns if column in by_name or column in by_cell)


def _there(column: str | None, contacts: ContactList) -> str | None:
    """Return a column that the first rows have; in JSON, later rows may have the usual one."""
    rows = [contact.fields for contact in contacts.first_rows]
    has_it = column in contacts.columns or any(column in fields for fields in rows)
    return column if has_it else None


def window_columns(
    contacts: ContactList, *, call_after_column: str | None, call_before_column: str | None
) -> WindowColumns:
    """Return the columns that say when the person may be called.

    Args:
        contacts: the open list.
        call_after_column: a column, `none`, or None to detect the column by its name.
        call_before_column: likewise.

    Raises:
        InputError: the list lacks a named column, or two columns have such a name.
    """
    return WindowColumns(
        _window_column(contacts, call_after_column, AFTER),
        _window_column(contacts, call_before_column, BEFORE),
    )


def timezone_column(contacts: ContactList, named: str | None) -> str | None:
    """Return the time zone column (default: the column with such a name).

    Raises:
        InputError: the list lacks the named column, or two columns have such a name.
    """
    if named is None:
        found = zone_columns(contacts.columns)
        if len(found) > 1:
            raise InputError(
                f"the list has more than one column that may contain the time zone: {listed(found)}",
                hint=f"choose one with --timezone-column, e.g. --timezone-column {shell_quoted(found[0])}",
                code="timezone-column",
            )
        if found:
            return found[0]
        # In JSON, a later contact may have the column although the first one lacks it.
        return None if contacts.columns_are_complete else DEFAULT_TIMEZONE_COLUMN
    return check_column("--timezone-column", named, contacts.columns)


def _window_column(contacts: ContactList, column: str | None, name: str) -> str | None:
    option = f"--{name.replace('_', '-')}-column"
    if column is not None:
        return next(iter(_named(contacts, column, option)), None)
    found = columns_named(name, contacts.columns)
    if len(found) > 1:
        raise InputError(
            f"more than one column is called {name}: {listed(found)}",
            hint=f"choose one with {option}, e.g. {option} {shell_quoted(found[0])}",
            code="call-time-column",
        )
    # In JSON, a later contact may have the column although the first one lacks it.
    return found[0] if found else None if contacts.columns_are_complete else name


def _home_state(contacts: ContactList, column: str | None) -> HomeState | None:
    """Return the reader of the state in which a person lives; None if the list has no such column.

    A column `state` may also contain a status, so most of its first cells must be states.
    """
    if column is not None:
        named = _named(contacts, column, "--state-column")
        return HomeState(named, any_names=False) if named else None
    rows = [contact.fields for contact in contacts.first_rows]
    any_names = not contacts.columns_are_complete
    inside = [path for fields in rows for path, _, _ in values_within(fields)] if any_names else []
    named = tuple(
        column
        for column in dict.fromkeys(state_columns((*contacts.columns, *inside)))
        if _are_mostly_states(value_at(fields, column) for fields in rows)
    )
    return HomeState(named, any_names=any_names) if named or any_names else None


def _are_mostly_states(cells: Iterable[object]) -> bool:
    filled = [cell for cell in cells if not is_empty(cell)]
    states = [cell for cell in filled if state_of(cell) is not None]
    return 2 * len(states) > len(filled)


def rendered_list_plan(contacts: ContactList) -> ListPlan:
    """Return the plan of a list that `xuna render` wrote."""
    phones = PhoneColumns(contacts.phones.columns)
    return ListPlan(phones, None, ListUse(phones.columns, sheet=contacts.sheet), contacts.notes)


def _check_overrides(contacts: ContactList) -> None:
    for contact in contacts.first_rows:
        try:
            check_placed(contact.fields)
        except TargetProblem as problem:
            raise InputError(
                f"row {contact.row_number}: {problem.message}",
                hint="in a CSV or workbook, use columns such as `override.agent.language`",
                code=problem.code,
            ) from None


def _named(contacts: ContactList, column: str, option: str) -> tuple[str, ...]:
    """Return the column that an option names, or none; in JSON, it may be a path within a contact."""
    if column == NONE or (column.strip().lower() == NONE and column not in contacts.columns):
        return ()
    if not any(value_at(contact.fields, column) is not None for contact in contacts.first_rows):
        check_column(option, column, contacts.columns, hint=f"to use no such column, add `{option} {NONE}`")
    return (column,)


def check_column(option: str, column: str, columns: Sequence[str], *, hint: str = "") -> str:
    """Return a column that an option names.

    Args:
        option: the option.
        column: the column.
        columns: those of the list; empty for a JSON list without contacts.
        hint: for the error, if no column has a similar name.

    Raises:
        InputError: the list lacks the column.
    """
    if columns and column not in columns:
        near = nearest(column, columns)
        raise InputError(
            f"{option} names the column {column!r}, which the list doesn't have; its columns: {listed(columns)}",
            hint=f"did you mean {near!r}?" if near else hint,
            code=f"{option.removeprefix('--')}-missing",
        )
    return column


def _unused(contacts: ContactList, taken: Collection[str], marks: Marks) -> list[tuple[list[str], str]]:
    """Return unused columns whose names say whom, where or how to call, by kind, and a line for each kind.

    A column that is empty in all rows is left out.

    Args:
        contacts: the open list.
        taken: folded names of the columns in use.
        marks: the columns with do-not-call marks.
    """
    rows = [contact.fields for contact in contacts.first_rows]
    inside = () if contacts.columns_are_complete else do_not_call_paths(rows)
    left = [
        column
        for column in dict.fromkeys((*_names(contacts), *inside))
        if fold(column) not in taken
        and not (contacts.first_rows_are_all and all(is_empty(value_at(row, column)) for row in rows))
    ]

    def marking(found: Sequence[str]) -> str:
        """Return the options that add columns to those in use."""
        return " ".join(f"--do-not-call-column {shell_quoted(column)}" for column in (*marks.columns, *found))

    def second_phone(found: Sequence[str]) -> str:
        first = contacts.phone_column
        options = f"--phone-column {shell_quoted(first)} --phone-column {shell_quoted(found[0])}"
        return f"`{options}` would call that number where {first!r} is empty"

    areas = [column for column in left if begins_a_number(column)]
    zones = [column for column in left if may_be_zone(column)]
    times = [column for column in left if time_option_of(column) is not None]
    kinds: list[tuple[list[str], Callable[[list[str]], str]]] = [
        (
            [column for column in left if says(column) is Says.DO_NOT_CALL or column in inside],
            lambda found: f"`{marking(found)}` would skip people who have a mark there",
        ),
        (
            [
                column
                for column in _remarks(left, rows)
                if column not in marks.remarks and any(says_do_not_call(row.get(column)) for row in rows)
            ],
            lambda _: (
                "people whose cells there say not to call them are called; "
                f"to skip these people, leave out `--do-not-call-column {NONE}`"
            ),
        ),
        (
            [column for column in left if says(column) is Says.OTHER_CHANNEL],
            lambda found: (
                f"it is not about calls; `{marking(found)}` would skip people who have a mark there"
            ),
        ),
        (
            [column for column in left if says(column) is Says.CONSENT],
            lambda found: (
                f"`--consent-column {shell_quoted(found[0])}` would only call people who have a yes there"
            ),
        ),
        (
            [column for column in left if may_be_region(column, rows)],
            lambda found: (
                f"`--region-column {shell_quoted(found[0])}` would read numbers without + in that country"
            ),
        ),
        ([column for column in contacts.phones.unused if fold(column) not in taken], second_phone),
        (
            [] if contacts.first_rows_are_all else [one for one in contacts.phones.empty if one in left],
            lambda found: f"no number in the first {LOOKED_AT:,} rows; {second_phone(found)}",
        ),
        *(([column], lambda found: _advice(found[0])) for column in (*areas, *zones, *times)),
        ([column for column in left if override_of(column) is not None], _as_override),
    ]
    return [(found, f"not used: {', '.join(found)}; {would(found)}") for found, would in kinds if found]


def _names(contacts: ContactList) -> list[str]:
    """Return the names of the columns, in JSON also those that only later ones of the first contacts have."""
    later = (
        ()
        if contacts.columns_are_complete
        else (name for contact in contacts.first_rows for name in contact.fields)
    )
    return list(dict.fromkeys((*contacts.columns, *later)))


def _as_override(columns: Sequence[str]) -> str:
    paths = dict.fromkeys(filter(None, map(override_of, columns)))
    would = ", ".join(f"`override.{path}`" for path in paths)
    return f"{would} would be" if would else "a column of this name does nothing in xuna"


def _advice(column: str) -> str:
    """Return how a column with an area code, a time or a time zone could be used."""
    if begins_a_number(column):
        return "if the numbers begin there, strangers are called without it; if so, join both in one column"
    if option := time_option_of(column):
        when = "before" if option == "--call-after-column" else "after"
        return f"`{option} {shell_quoted(column)}` would call nobody {when} the time there"
    if "offset" in fold(column):
        return "an offset from UTC is no time zone, which a column timezone could have"
    return f"`--timezone-column {shell_quoted(column)}` would take the person's time zone from there"
