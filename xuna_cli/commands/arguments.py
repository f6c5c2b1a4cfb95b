"""Options that several commands share: those that screen."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.contacts import options

WHOM, WHEN = "Who is not called", "When"

DoNotCall = Annotated[
    list[Path] | None,
    typer.Option(
        "--do-not-call",
        metavar="FILE",
        help="Call nobody on this list, beside the ledger's own. Repeatable. (XUNA_DO_NOT_CALL)",
        rich_help_panel=WHOM,
    ),
]
MaxListAge = Annotated[
    str | None,
    typer.Option(
        metavar="AGE",
        help="Refuse older --do-not-call files, e.g. 31d. (XUNA_MAX_LIST_AGE)",
        rich_help_panel=WHOM,
    ),
]
Country = Annotated[
    str | None,
    typer.Option(
        metavar="CC[,CC]", help="Call these countries alone, e.g. US,CA. (XUNA_COUNTRY)", rich_help_panel=WHOM
    ),
]
AllowPremium = Annotated[
    bool,
    typer.Option(
        "--allow-premium",
        help="Call premium-rate, shared-cost, personal and satellite numbers, too.",
        rich_help_panel=WHOM,
    ),
]
ConsentColumn = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Call only who has a yes in this column.", rich_help_panel=WHOM),
]
ConsentValues = Annotated[
    str | None,
    typer.Option(
        metavar="A,B", help="What counts as a yes there; yes,true,1,express,written.", rich_help_panel=WHOM
    ),
]
QuietDays = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Skip who was called in any campaign in the last N days; with --key, a number is called once a run. "
        "(XUNA_QUIET_DAYS)",
        rich_help_panel=WHOM,
    ),
]
Hours = Annotated[
    str | None,
    typer.Option(
        metavar="HH:MM-HH:MM",
        help="Call within these hours of the person's own time alone. (XUNA_HOURS)",
        rich_help_panel=WHEN,
    ),
]
Days = Annotated[
    str | None,
    typer.Option(metavar="DAYS", help="And on these days, e.g. mon-fri. (XUNA_DAYS)", rich_help_panel=WHEN),
]
CloseEarly = Annotated[
    str | None,
    typer.Option(
        metavar="MINUTES",
        help="Submit nothing so long before the hours end; 10. (XUNA_CLOSE_EARLY)",
        rich_help_panel=WHEN,
    ),
]
TimezoneColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The column with IANA time zones; timezone or tz, if there.",
        rich_help_panel=WHEN,
    ),
]
DefaultTimezone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        help="For numbers that tell none, e.g. America/New_York. (XUNA_DEFAULT_TIMEZONE)",
        rich_help_panel=WHEN,
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="Call nobody after this, e.g. 2026-12-01T18:00-05:00.", rich_help_panel=WHEN
    ),
]
Wait = Annotated[
    bool,
    typer.Option("--wait", help="Stay, and call who is deferred as their hours come.", rich_help_panel=WHEN),
]
HiddenRows = Annotated[
    options.HiddenRows | None,
    typer.Option(
        help="What to do with rows that are hidden in the workbook (default: stop, if there are any).",
        rich_help_panel="The list",
    ),
]
PhoneColumn = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Column with the phone number (default: found by its name). Repeatable: the first that is filled counts.",
        rich_help_panel="The list",
    ),
]
RegionColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN|none",
        help="Column with the country of numbers without +: a name, an ISO code or a calling code "
        "(default: found by its name). Where it is empty, --region counts.",
        rich_help_panel="The list",
    ),
]
DoNotCallColumn = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN|none",
        help="Column that marks who must not be called: whoever has anything but a clear no there "
        "(default: found by its name). Repeatable.",
        rich_help_panel=WHOM,
    ),
]
RequireLedger = Annotated[
    bool,
    typer.Option(
        "--require-ledger",
        help="Stop if there is no ledger yet, e.g. as its disk is not mounted. (XUNA_REQUIRE_LEDGER)",
        rich_help_panel="The campaign",
    ),
]
MaxCalls = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Call nobody if this would call more than N people. (XUNA_MAX_CALLS)",
        rich_help_panel="The list",
    ),
]
StrictMessages = Annotated[
    bool,
    typer.Option(
        "--strict-messages",
        help="Reject rows whose message looks broken, even slightly (default: warn only).",
        rich_help_panel="What is said",
    ),
]
AllowOddMessages = Annotated[
    bool,
    typer.Option(
        "--allow-odd-messages",
        help="Only warn of what is never right in speech: null, #N/A, {name}, &amp; (default: reject these rows). "
        "(XUNA_ALLOW_ODD_MESSAGES)",
        rich_help_panel="What is said",
    ),
]
AgentMessage = Annotated[
    bool,
    typer.Option(
        "--agent-message",
        help="Let the agent speak its own first message where no other is given. (XUNA_AGENT_MESSAGE)",
        rich_help_panel="What is said",
    ),
]
