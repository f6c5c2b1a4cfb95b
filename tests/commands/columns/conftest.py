"""Lists in all formats, and what would be done with them."""

import csv
import io
import json

import openpyxl
import pytest

HELLO = ("-m", "Hello.")


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def called(cli):
    """Render a list; return the numbers that would be called, by row."""

    def called(path, *options, exits=0):
        lines = cli("render", path, *HELLO, *options, exits=exits).out.splitlines()
        return {line["xuna_row"]: line["to_phone_number"] for line in map(json.loads, lines)}

    return called


@pytest.fixture
def plan(cli):
    """Return what the document of a dry run says about a list."""

    def plan(path, *options, exits=0):
        return cli(
            "batch-call", path, *HELLO, "--dry-run", "--output", "json", *options, exits=exits
        ).document

    return plan


def as_csv(rows):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def as_xlsx(rows):
    book = openpyxl.Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


FORMATS = {
    "csv": as_csv,
    "json": lambda rows: json.dumps(rows).encode(),
    "jsonl": lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode(),
    "xlsx": as_xlsx,
}


@pytest.fixture(params=FORMATS)
def written(request, tmp_path):
    """Write rows in one of the formats; row numbers count as in a table."""

    def written(rows):
        path = tmp_path / f"list.{request.param}"
        path.write_bytes(FORMATS[request.param](rows))
        return path

    return written


@pytest.fixture
def table(tmp_path):
    """Write rows as CSV."""

    def table(rows):
        path = tmp_path / "list.csv"
        path.write_bytes(as_csv(rows))
        return path

    return table
