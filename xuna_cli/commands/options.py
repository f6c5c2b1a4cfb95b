"""Options that several commands have, in the same words."""

from pathlib import Path
from typing import Annotated

import typer

EnvFile = Annotated[Path | None, typer.Option("--env-file", help="Read settings from it, not from .env.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="Where the API is. (XUNA_BASE_URL)")]
TableOrJson = Annotated[str, typer.Option("--output", help="table or json.")]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="Of the sandbox, and of the calls that --sandbox has taken here.")
]
LedgerFile = Annotated[str | None, typer.Option("--ledger", help="Where the record is. (XUNA_LEDGER)")]
PhoneColumnOfList = Annotated[
    list[str] | None,
    typer.Option(
        "--phone-column",
        metavar="COLUMN",
        help="That list's column with the phone number (default: found by its name). Repeatable.",
    ),
]
RegionColumnOfList = Annotated[
    str | None,
    typer.Option(
        "--region-column",
        metavar="COLUMN|none",
        help="That list's column with the country of numbers without + (default: found by its name).",
    ),
]
CampaignName = Annotated[str, typer.Argument(metavar="NAME", help="The campaign.")]
