"""Describe the use of a list's columns."""

from xuna_cli.contacts.columns import ListUse


def list_line(use: ListUse) -> str:
    """Describe the use of a list's columns on one line, e.g. `phone number from 'phone'; sheet 'May'`."""
    parts = ["phone number from " + (_columns(use.phone_columns, ", else ") or "no column")]
    if use.region_columns:
        parts.append(f"country of numbers without + from {_columns(use.region_columns, ', else ')}")
    if use.do_not_call_columns:
        parts.append(f"do-not-call marks from {_columns(use.do_not_call_columns, ' and ')}")
    if use.remark_columns:
        parts.append(f'skipped if {_columns(use.remark_columns, " or ")} says "do not call" or the like')
    if use.state_columns:
        parts.append(f"calling hours must also fit the state in {_columns(use.state_columns, ', else ')}")
    for what, column in (("not before", use.call_after_column), ("not after", use.call_before_column)):
        if column is not None:
            parts.append(f"{what} the time in {column!r}")
    if use.sheet is not None:
        parts.append(f"sheet {use.sheet!r}")
    # A column with consents that are not used may have a "do not call", too.
    unused = tuple(column for column in use.unused_columns if column not in use.remark_columns)
    if unused:
        parts.append(f"not used: {_columns(unused, ', ')}")
    return "; ".join(parts)


def _columns(columns: tuple[str, ...], between: str) -> str:
    return between.join(map(repr, columns))
