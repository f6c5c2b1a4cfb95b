"""`xuna doctor`: does everything work that a run will need?"""

from pathlib import Path
from typing import Annotated

import typer


def doctor(
    agent_id: Annotated[str | None, typer.Option(help="The agent. (XUNA_AGENT_ID)")] = None,
    from_phone_number_id: Annotated[
        str | None, typer.Option(help="The caller number's id. (XUNA_FROM_PHONE_NUMBER_ID)")
    ] = None,
    ledger: Annotated[str | None, typer.Option(help="The record of who was called. (XUNA_LEDGER)")] = None,
    base_url: Annotated[str | None, typer.Option(help="Where the API is. (XUNA_BASE_URL)")] = None,
    output: Annotated[str, typer.Option(help="table or json.")] = "table",
    env_file: Annotated[Path | None, typer.Option(help="Read settings from it, not from .env.")] = None,
) -> None:
    """Check settings, ledger, key, agent and caller number; calls nobody, changes nothing."""
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.checking import examine
    from xuna_cli.output.findings import print_findings

    findings = examine(
        env_file=env_file,
        agent_id=agent_id,
        from_phone_number_id=from_phone_number_id,
        ledger=ledger,
        url_flag=base_url,
    )
    print_findings(findings, check_output(output, "table", "json"))
    raise typer.Exit(int(max(finding.exit_status or 0 for finding in findings)))
