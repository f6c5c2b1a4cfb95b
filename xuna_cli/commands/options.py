"""Options that several commands share."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from xuna_cli.commands.completion import (
    agent_ids,
    caller_number_ids,
    campaign_names,
    list_columns,
    list_columns_or_none,
    one_country,
)
from xuna_cli.commands.option_types import Options, options_of_command, text
from xuna_cli.settings import Given

OUTPUT = "Output"

STDOUT = "-"


class Output(StrEnum):
    """Formats of the result."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class TableOrJson(StrEnum):
    """Formats of a result."""

    TABLE = "table"
    JSON = "json"


class CsvOrJson(StrEnum):
    """Formats of an export."""

    CSV = "csv"
    JSON = "json"


class ListFormat(StrEnum):
    """Formats of a list."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    XLSX = "xlsx"


Region = Annotated[
    Given | None,
    text(
        autocompletion=one_country,
        envvar="XUNA_REGION",
        metavar="CC",
        help="Country of numbers that have no +, e.g. US.",
    ),
]
CampaignName = Annotated[
    str, typer.Argument(autocompletion=campaign_names, metavar="NAME", help="Name of the campaign.")
]


def to_file(help_text: str) -> Any:
    """Declare the option for the file that a command writes; `-`, like no file, is stdout (None)."""
    return typer.Option(
        "--to", "-o", metavar="FILE", callback=_none_for_stdout, help=help_text, rich_help_panel=OUTPUT
    )


def _none_for_stdout(value: Path | None) -> Path | None:
    return None if str(value) == STDOUT else value


To = Annotated[Path | None, to_file("File to write (default: stdout).")]


Ledger = Annotated[
    Given | None,
    text(
        metavar="FILE|URL",
        envvar="XUNA_LEDGER",
        help="Ledger: the record of everybody who was called (default: in the user's data folder).",
    ),
]
RequireLedger = Annotated[
    bool,
    typer.Option(
        "--require-ledger",
        envvar="XUNA_REQUIRE_LEDGER",
        help="Stop if the ledger does not exist yet, e.g. because its disk is not mounted.",
    ),
]
BaseUrl = Annotated[
    Given | None,
    text(metavar="URL", envvar="XUNA_BASE_URL", help="URL of the API (default: https://api.xuna.ai)."),
]


AgentId = Annotated[
    Given | None,
    text(
        autocompletion=agent_ids,
        metavar="ID",
        envvar="XUNA_AGENT_ID",
        help="Agent that talks to the people; see `xuna agents list`.",
    ),
]
CallerNumberId = Annotated[
    Given | None,
    text(
        autocompletion=caller_number_ids,
        metavar="ID",
        envvar="XUNA_FROM_PHONE_NUMBER_ID",
        help="Caller number; see `xuna phone-numbers list`.",
    ),
]


@options_of_command
class LedgerOptions(Options):
    """Option for the ledger."""

    ledger: Ledger = None
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Use the sandbox's ledger.")] = False
    require_ledger: bool = False  # an option only of commands that would create the ledger


@options_of_command
class ApiOptions(Options):
    """Options for the account to read."""

    base_url: BaseUrl = None
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Use the local sandbox instead of the real account.")
    ] = False


@options_of_command
class ResultOptions(Options):
    """Option for the output format."""

    output: Annotated[TableOrJson, typer.Option(help="Format of the result.", rich_help_panel=OUTPUT)] = (
        TableOrJson.TABLE
    )


@options_of_command
class LedgerResultOptions(LedgerOptions, ResultOptions):
    """Options for the ledger and the output format."""


@options_of_command
class ApiResultOptions(ApiOptions, ResultOptions):
    """Options for the account and the output format."""


@options_of_command
class ExportFileOptions(Options):
    """Options of an export."""

    output: Annotated[CsvOrJson, typer.Option(help="Format of the export.", rich_help_panel=OUTPUT)] = (
        CsvOrJson.CSV
    )
    to: To = None


@options_of_command
class JoinOptions(LedgerOptions):
    """Options for the list that a campaign called."""

    NEEDS: ClassVar[Mapping[str, str]] = dict.fromkeys(("region", "phone_column", "region_column"), "join")

    join: Annotated[
        Path | None,
        typer.Option(
            metavar="CONTACTS",
            help="The list that was called. Its rows are written in their order, with all their columns.",
        ),
    ] = None
    region: Region = None
    phone_column: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=list_columns,
            metavar="COLUMN",
            help="Column of that list with the phone number (default: found by its name). Repeatable.",
        ),
    ] = None
    region_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column of that list with the country of numbers that have no + (default: found by its name).",
        ),
    ] = None
