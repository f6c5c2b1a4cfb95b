"""Facts about a ledger."""

from collections.abc import Iterator, Mapping, Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.moved import Moved
from xuna_cli.ledger.records import Campaign
from xuna_cli.output.campaigns import CampaignList
from xuna_cli.output.result import Result, Table


@dataclass(frozen=True, slots=True)
class LedgerInfo(Result):
    """Facts about a ledger.

    Attributes:
        location: the location without secrets.
        engine: name and version of the engine.
        size: size in bytes.
        schema_version: version as in migrations.py.
        ledger_id: permanent id of the ledger.
        moved: the new location, if the ledger was moved.
        campaigns: the campaigns by name.
    """

    location: str
    engine: str
    size: int
    schema_version: int
    ledger_id: str
    moved: Moved | None
    campaigns: Sequence[Campaign]

    def document(self) -> Mapping[str, object]:
        """Return the ledger and its campaigns."""
        return {
            "ledger": {
                "path": self.location,
                "engine": self.engine,
                "size_bytes": self.size,
                "schema_version": self.schema_version,
                "ledger_id": self.ledger_id,
                "moved": self.moved and {"to": self.moved.to, "at": self.moved.at},
            },
            **CampaignList(self.campaigns).document(),
        }

    def parts(self) -> Iterator[Table | str]:
        """Yield a line for each fact, and the campaigns."""
        for name, value in (
            ("Ledger", self.location),
            ("Engine", self.engine),
            ("Size", f"{self.size / 1e6:,.1f} MB"),
            ("Version", self.schema_version),
            ("ID", self.ledger_id),
            ("Campaigns", f"{len(self.campaigns):,}"),
        ):
            yield f"{name + ':':<11}{value}"
        if self.campaigns:
            yield from CampaignList(self.campaigns).parts()
