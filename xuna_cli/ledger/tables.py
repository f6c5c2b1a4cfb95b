"""The ledger's tables as the migrations define them, for copying."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from xuna_cli.dataclass import dataclass
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.ledger.migrations import STEPS

_CREATE = lazy_pattern(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*)\)", re.DOTALL | re.IGNORECASE)
_ADD = lazy_pattern(r"ALTER TABLE (\w+) ADD (?:COLUMN )?(.*)", re.DOTALL | re.IGNORECASE)
_PRIMARY_KEY = lazy_pattern(r"PRIMARY KEY \(([^)]*)\)", re.IGNORECASE)
_REFERENCES = lazy_pattern(r"REFERENCES (\w+)", re.IGNORECASE)
_CONSTRAINTS = ("PRIMARY KEY", "UNIQUE", "CHECK", "FOREIGN KEY", "CONSTRAINT")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the ledger.

    Attributes:
        name: the table's name.
        columns: columns in order.
        key: columns of the primary key.
        serial: whether the engine assigns the key.
        references: columns with a serial key of another table, and that table.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    serial: bool
    references: Mapping[str, str]


def tables() -> list[Table]:
    """Return all tables in dependency order."""
    bodies: dict[str, list[str]] = {}
    for statement in chain.from_iterable(STEPS.values()):
        if made := _CREATE.match(statement.strip()):
            bodies[made[1]] = list(_parts(made[2]))
        elif added := _ADD.match(statement.strip()):
            bodies[added[1]].append(added[2].strip())
    return [_table(name, parts) for name, parts in bodies.items()]


def _table(name: str, parts: list[str]) -> Table:
    columns = []
    key: tuple[str, ...] = ()
    serial = False
    references = {}
    for part in parts:
        if part.upper().startswith(_CONSTRAINTS):
            if found := _PRIMARY_KEY.search(part):
                key = tuple(column.strip() for column in found[1].split(","))
            continue
        column, _, rest = part.partition(" ")
        columns.append(column)
        if "SERIAL_KEY" in rest:
            key, serial = (column,), True
        elif "PRIMARY KEY" in rest.upper():
            key = (column,)
        if found := _REFERENCES.search(rest):
            references[column] = found[1]
    return Table(name, tuple(columns), key, serial, MappingProxyType(references))


def _parts(body: str) -> Iterator[str]:
    """Split text at the commas outside of parentheses."""
    depth, start = 0, 0
    for position, character in enumerate(body + ","):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield " ".join(body[start:position].split())
            start = position + 1
