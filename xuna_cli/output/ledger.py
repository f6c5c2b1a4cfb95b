"""The ledger as a whole, as a table or JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

from xuna_cli.ledger.moved import Moved
from xuna_cli.ledger.records import Campaign
from xuna_cli.output.campaigns import campaign_document, print_campaigns
from xuna_cli.output.document import VERSION, dump
from xuna_cli.output.messages import emit


@dataclass(frozen=True, slots=True)
class LedgerInfo:
    """What there is to say of a ledger.

    Attributes:
        location: without secrets.
        engine: name and version.
        size: bytes.
        schema_version: as in migrations.py.
        ledger_id: its own, for good.
        moved: where it goes on, if it was moved.
        campaigns: by name.
    """

    location: str
    engine: str
    size: int
    schema_version: int
    ledger_id: str
    moved: Moved | None
    campaigns: Sequence[Campaign]


def print_ledger(info: LedgerInfo, output: str) -> None:
    """Print it."""
    if output == "json":
        document = {
            "xuna_result_version": VERSION,
            "command": "ledger info",
            "ledger": {
                "path": info.location,
                "engine": info.engine,
                "size_bytes": info.size,
                "schema_version": info.schema_version,
                "ledger_id": info.ledger_id,
                "moved": info.moved and {"to": info.moved.to, "at": info.moved.at},
            },
            "campaigns": [campaign_document(one) for one in info.campaigns],
        }
        emit(dump(document))
        return
    from xuna_cli.output.table import cell, console  # noqa: PLC0415 - rich, only where it is seen

    out = console()
    for name, value in (
        ("Ledger", info.location),
        ("Engine", info.engine),
        ("Size", f"{info.size / 1e6:,.1f} MB"),
        ("Version", info.schema_version),
        ("Id", info.ledger_id),
        ("Campaigns", f"{len(info.campaigns):,}"),
    ):
        out.print(cell(f"{name + ':':<11}{value}"), soft_wrap=True)
    if info.campaigns:
        print_campaigns(info.campaigns, output)
