"""Conversations: as a table and as a dialogue."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xuna_cli.ledger.conversations import verdict
from xuna_cli.models import Conversation
from xuna_cli.output.conversation_file import COLUMNS, as_row, began
from xuna_cli.output.document import VERSION, dump
from xuna_cli.output.messages import Stdout, emit, safe, say


def print_conversations(
    found: Sequence[Conversation], incomplete: str | None, output: str, *, limited: bool
) -> None:
    """Print a list; say where it was cut off, by us or by the API."""
    if output == "json":
        rows = [{name: as_row(one)[name] for name in COLUMNS[:8]} for one in found]
        emit(
            dump(
                {
                    "xuna_result_version": VERSION,
                    "conversations": rows,
                    "limited": limited,
                    "incomplete": incomplete,
                }
            )
        )
    else:
        from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

        table = plain_table(
            None, ("Conversation", "Began (UTC)", "Lasted", "Number", "Status", "Batch ID"), right=("Lasted",)
        )
        for one in found:
            table.add_row(
                cell(one.conversation_id),
                cell((began(one) or "-")[:19].replace("T", " ")),
                cell(lasted(one.duration)),
                cell(one.external_number or "-"),
                cell(one.status or "-"),
                cell(one.batch_call_id or "-"),
            )
        console().print(table)
    if limited:
        say(f"These are the first {len(found):,}; there are more: --limit N")
    if incomplete:
        say(f"xuna: warning: the list is cut off: {incomplete}")


def print_conversation(one: Conversation, document: Mapping[str, Any], output: str) -> None:
    """Print one conversation: what came of it, and what was said."""
    if output == "json":
        emit(dump({"xuna_result_version": VERSION, "outcome": verdict(one).value, "conversation": document}))
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    out = console()
    facts = plain_table(None, ("Conversation", one.conversation_id))
    for name, value in (
        ("Agent", one.agent_id),
        ("Number", one.external_number),
        ("Batch ID", one.batch_call_id),
        ("Began", began(one)),
        ("Lasted", None if one.duration is None else lasted(one.duration)),
        ("Status", one.status),
        ("Outcome", verdict(one).value),
        ("Audio", one.audio),
    ):
        if value is not None:
            facts.add_row(cell(name), cell(value))
    out.print(facts)
    if one.evaluation:
        judged = plain_table(None, ("Criterion", "Result", "Why"))
        for criterion, evaluation in one.evaluation.items():
            judged.add_row(
                cell(criterion),
                cell(evaluation.result, RESULT_STYLES.get(evaluation.result, "yellow")),
                cell(evaluation.rationale),
            )
        out.print(judged)
    if one.collected:
        collected = plain_table(None, ("Collected", "Value"))
        for field, item in one.collected.items():
            collected.add_row(cell(field), cell(item if isinstance(item, str) else json.dumps(item)))
        out.print(collected)
    _print_transcript(one)


def _print_transcript(one: Conversation) -> None:
    # Not through rich: a transcript may have megabytes, and the terminal breaks lines as well.
    if not one.transcript:
        emit("There is no transcript.\n")
    width = max((len(safe(turn.speaker)) for turn in one.transcript), default=0)
    for turn in one.transcript:
        first, *more = turn.message.splitlines() or [""]
        head = f"{lasted(turn.at):>6}  {safe(turn.speaker):<{width}}  "
        emit(_encodable(head + safe(first)) + "\n")
        for line in more:
            emit(" " * len(head) + _encodable(safe(line)) + "\n")


RESULT_STYLES = {"success": "green", "failure": "red"}


def lasted(seconds: float | None) -> str:
    """Return seconds as people read them: `2:05`, `1:02:05`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _encodable(text: str) -> str:
    encoding = Stdout().encoding
    return text.encode(encoding, "replace").decode(encoding)
