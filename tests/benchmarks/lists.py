"""Realistic contact lists: from a seed, without duplicates, in random order.

    python -m tests.benchmarks.lists KIND SIZE PATH

It runs in a process of its own, so that the benchmark's memory stays small. Kinds:

- `e164.csv`, `e164.json`, `e164.jsonl`: eight columns, `+1…` as exported by a CRM.
- `e164.xlsx`: six columns, with amounts and dates as a spreadsheet has them.
- `remarks.csv`: the same as `e164.csv`, but its last column is `note`, in which xuna looks for "do not call".
- `national.csv`: US numbers without country code in the ways that people write them, and one row in
  fifty that nobody can call.
"""

import csv
import json
import random
import sys
from pathlib import Path

KINDS = ("e164.csv", "e164.json", "e164.jsonl", "e164.xlsx", "remarks.csv", "national.csv")
BAD_EVERY = 50  # one row in this many has no usable number
SEED = 20_260_114
FIRST_DAY = 46_023  # 2026-01-01 as spreadsheets count days

COLUMNS = ("phone", "first_name", "last_name", "company", "city", "order_id", "amount", "wish")
# Assigned area codes, so that the numbers are not only possible but valid; X11 codes are services.
AREAS = [
    "202",
    "206",
    "212",
    "213",
    "303",
    "305",
    "312",
    "404",
    "415",
    "503",
    "512",
    "602",
    "617",
    "702",
    "713",
    "919",
]
EXCHANGES = [f"{exchange}" for exchange in range(200, 1000) if exchange % 100 != 11]
FIRST = ("Ann", "Björn", "Carla", "Dmitri", "Eve", "François", "Grace", "Hiro", "Ines", "John", "Katya", "Li")
LAST = ("Smith", "Müller", "García", "O'Brien", "Nguyen", "Kowalski", "Lee", "Okafor", "Rossi", "van Dijk")
COMPANIES = ("Acme Ltd", "Globex", "Initech", "Umbrella, Inc.", "Hooli", "Stark & Sons")
CITIES = ("Boston", "Chicago", "Denver", "Miami", "Portland", "Seattle", "San José")
WISHES = ("", "prefers mornings", "VIP", "call back: asked for a manual", 'said "later"')
WAYS = (
    "({0}) {1}-{2}",
    "{0}-{1}-{2}",
    "{0}.{1}.{2}",
    "1 {0} {1} {2}",
    " {0} {1} {2} ",
    "+1 ({0}) {1}-{2}",
    "{0}{1}{2}",
    "1-{0}-{1}-{2}",
    "({0})\N{NO-BREAK SPACE}{1}\N{NON-BREAKING HYPHEN}{2}",
    "tel: {0} {1} {2}",
)
BAD = ("", "n/a", "555-1234", "ask Ann", "415555", "415-555-0123 ext. 4", "4.155550123E+09")


def contacts(size, *, national=False, seed=SEED):
    """Yield contacts as dictionaries."""
    chance = random.Random(seed)
    # A sample contains no number twice.
    for row, number in enumerate(chance.sample(range(len(AREAS) * len(EXCHANGES) * 10_000), size), 1):
        rest, line = divmod(number, 10_000)
        parts = (AREAS[rest % len(AREAS)], EXCHANGES[rest // len(AREAS)], f"{line:04}")
        if not national:
            phone = "+1" + "".join(parts)
        elif row % BAD_EVERY == 0:
            phone = chance.choice(BAD)
        else:
            phone = chance.choice(WAYS).format(*parts)
        yield {
            "phone": phone,
            "first_name": chance.choice(FIRST),
            "last_name": chance.choice(LAST),
            "company": chance.choice(COMPANIES),
            "city": chance.choice(CITIES),
            "order_id": f"A-{chance.randrange(10**7):07}",
            "amount": f"{chance.randrange(100, 100_000) / 100:.2f}",
            "wish": chance.choice(WISHES),
        }


def write(kind, size, path):
    """Write a list of one of `KINDS`."""
    rows = contacts(size, national=kind.startswith("national"))
    if kind.endswith(".xlsx"):
        _write_xlsx(rows, path)
        return
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        if kind.endswith(".csv"):
            writer = csv.DictWriter(file, COLUMNS)
            writer.writerow(
                {name: name for name in COLUMNS} | ({"wish": "note"} if kind == "remarks.csv" else {})
            )
            writer.writerows(rows)
        elif kind.endswith(".jsonl"):
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            file.write("[")
            file.writelines(
                ("," if row else "") + "\n" + json.dumps(each, ensure_ascii=False)
                for row, each in enumerate(rows)
            )
            file.write("\n]\n")


def _write_xlsx(rows, path):
    import xlsxwriter

    texts = ("phone", "first_name", "last_name", "order_id")
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("People")
        money = book.add_format({"num_format": "#,##0.00"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, (*texts, "amount", "due"))
        for number, row in enumerate(rows, 1):
            for column, name in enumerate(texts):
                sheet.write_string(number, column, row[name])
            sheet.write_number(number, 4, float(row["amount"]), money)
            sheet.write_number(number, 5, FIRST_DAY + int(row["order_id"][2:]) % 365, day)


def callable_in(kind, size):
    """Return the number of contacts of such a list that can be called."""
    return size - size // BAD_EVERY if kind.startswith("national") else size


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), sys.argv[3])
