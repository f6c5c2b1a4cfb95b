"""`xuna conversations export`: the account's conversations, one line each, in constant memory."""

import contextlib
from pathlib import Path

from xuna_cli.api.conversations import ConversationList, conversation_if_there
from xuna_cli.api.retry import Reader, several
from xuna_cli.ledger.conversations import is_final, verdict
from xuna_cli.ledger.queries import in_parts
from xuna_cli.ledger.records import CallOutcome
from xuna_cli.ledger.seen_keys import SeenKeys
from xuna_cli.outcomes.sync import RECORDS_AT_ONCE
from xuna_cli.output.conversation_file import ConversationFile
from xuna_cli.output.messages import counted, say


def export_conversations(
    reader: Reader,
    to: Path | None,
    *,
    agent_id: str | None,
    since: float | None,
    form: str,
    with_transcript: bool,
) -> bool:
    """Write what the file lacks; return whether the list was cut off.

    Raises:
        InputError: if the file can't be written, or is not such an export.
        ConfigurationError: if the API refuses.
        UnreachableError: if it can't be read; what was written stays.
    """
    under_way: list[str] = []
    unreadable = 0
    with (
        contextlib.closing(SeenKeys()) as seen,
        ConversationFile(to, form, with_transcript=with_transcript) as file,
    ):
        for group in in_parts(file.ids(), RECORDS_AT_ONCE):
            seen.add(list(dict.fromkeys(group)))
        there = file.found
        listed = ConversationList(reader, agent_id=agent_id, since=since)
        for records in in_parts(listed, RECORDS_AT_ONCE):
            fresh = seen.add(list(dict.fromkeys(record.conversation_id for record in records)))
            wanted = [record.conversation_id for record in records if record.conversation_id in fresh]
            for whole in several(lambda one: conversation_if_there(reader, one), wanted):
                if whole is None:
                    unreadable += 1
                elif verdict(whole) is CallOutcome.IN_PROGRESS and not is_final(whole):
                    under_way.append(whole.conversation_id)
                else:
                    file.write(whole)
    words = f"xuna: {counted(file.written, 'conversation', 'conversations')} written"
    words += f" to {to}" if to else ""
    say(words + (f", {there:,} were there already" if there else ""))
    if under_way:
        say(f"xuna: {len(under_way):,} are still under way and were left out: run the same command again")
    incomplete = listed.incomplete or (
        f"{unreadable:,} records are listed, and could not be read" if unreadable else None
    )
    if incomplete:
        say(f"xuna: warning: the list is cut off: {incomplete}")
    return incomplete is not None
