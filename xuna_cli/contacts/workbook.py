"""XLSX (and XLS, XLSB, ODS): one sheet as rows of text."""

from collections.abc import Iterator
from typing import BinaryIO

from xuna_cli.contacts.columns import listed
from xuna_cli.errors import InputError


def read_sheet(file: BinaryIO, sheet: str | None, name: str) -> Iterator[list[str]]:
    """Yield every row of a sheet from row 1, blank ones too.

    Args:
        file: the workbook; the sheet is read into memory, since the cells' texts stand apart from the rows.
        sheet: its name; None takes the first that isn't hidden.
        name: what messages call the list.

    Raises:
        InputError: it is no workbook, needs a password, or has no such sheet.
    """
    # Imported here: it is a shared library that other lists don't need.
    from python_calamine import (  # noqa: PLC0415
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetVisibleEnum,
    )

    try:
        workbook = CalamineWorkbook.from_object(file)
        names = workbook.sheet_names
        if sheet is None:
            visible = [
                each.name for each in workbook.sheets_metadata if each.visible == SheetVisibleEnum.Visible
            ]
            sheet = (visible or names or [""])[0]
        if sheet not in names:
            raise InputError(
                f"{name} has no sheet {sheet!r}.",
                hint=f"Give --sheet one of: {listed(names)}.",
                code="input-sheet",
            )
        rows = workbook.get_sheet_by_name(sheet).iter_rows()
    except PasswordError:
        raise InputError(f"{name} needs a password.", hint="Save it without one.") from None
    except (CalamineError, ValueError) as error:
        raise InputError(
            f"{name} can't be read as an Excel workbook: {error}.",
            hint="Save it again as XLSX or CSV; if it is a text file, give `--format csv`.",
        ) from error
    for row in rows:
        yield [cell if cell.__class__ is str else _as_text(cell) for cell in row]


def _as_text(cell: object) -> str:
    """Return what a person sees in the cell: a phone number is no float, a date is ISO."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return f"{cell:.0f}"
    return str(cell)
