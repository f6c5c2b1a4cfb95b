"""Read all cells of an XLSX list, and print the number of rows.

    python tests/benchmarks/workbook_readers.py xuna|calamine LIST

It imports nothing but the reader, since start-up counts on both sides.
"""

import sys


def rows_by_xuna(path):
    """Yield the rows of the first sheet."""
    from xuna_cli.contacts.workbooks.xlsx import Xlsx

    with open(path, "rb") as file:  # noqa: PTH123 - as most people write it
        book = Xlsx(file)
        yield from book.rows(book.sheets[0])


def rows_by_calamine(path):
    """Yield the rows of the first sheet."""
    from python_calamine import CalamineWorkbook

    yield from CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()


if __name__ == "__main__":
    rows = {"xuna": rows_by_xuna, "calamine": rows_by_calamine}[sys.argv[1]](sys.argv[2])
    print(sum(1 for _ in rows))
