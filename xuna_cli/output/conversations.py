"""Conversations as a table, and one as a dialogue."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.conversations import verdict
from xuna_cli.models import Conversation
from xuna_cli.output.conversation_file import COLUMNS, as_row
from xuna_cli.output.messages import Stdout, safe
from xuna_cli.output.result import ListResult, Result, Styled, Table
from xuna_cli.times import for_people


@dataclass(frozen=True, slots=True)
class ConversationsFound(ListResult):
    """Conversations without transcripts.

    Attributes:
        conversations: in the API's order.
        limited: whether there are more conversations than requested.
    """

    conversations: Sequence[Conversation]
    limited: bool

    def document(self) -> Mapping[str, object]:
        """Return the conversations, and why the list is incomplete."""
        rows = [{name: as_row(one)[name] for name in COLUMNS[:8]} for one in self.conversations]
        return {"conversations": rows, "limited": self.limited, "incomplete": self.incomplete}

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each conversation."""
        yield Table(
            ("Conversation", "Began", "Lasted", "Number", "Status", "Batch ID"),
            [
                (
                    one.conversation_id,
                    "-" if one.started_at is None else for_people(one.started_at),
                    lasted(one.duration),
                    one.external_number or "-",
                    one.status or "-",
                    one.batch_call_id or "-",
                )
                for one in self.conversations
            ],
            right=("Lasted",),
            whole=("Conversation", "Batch ID"),
        )

    def remarks(self) -> Iterator[str]:
        """Yield a note if the list was cut off."""
        if self.limited:
            yield f"Only the first {len(self.conversations):,} are shown. To see more, use --limit N."
        yield from ListResult.remarks(self)


@dataclass(frozen=True, slots=True)
class ConversationFound(Result):
    """One conversation with its outcome and transcript.

    Attributes:
        one: the conversation.
        raw: the record from the API.
    """

    one: Conversation
    raw: Mapping[str, Any]

    def document(self) -> Mapping[str, object]:
        """Return the verdict and the whole record."""
        return {"outcome": verdict(self.one).value, "conversation": self.raw}

    def parts(self) -> Iterator[Table | str]:
        """Yield facts, verdicts, collected data and the transcript."""
        one = self.one
        facts = (
            ("Agent", one.agent_id),
            ("Number", one.external_number),
            ("Batch ID", one.batch_call_id),
            ("Began", None if one.started_at is None else for_people(one.started_at)),
            ("Lasted", None if one.duration is None else lasted(one.duration)),
            ("Status", one.status),
            ("Outcome", verdict(one).value),
            ("Audio", one.audio),
        )
        yield Table(("Conversation", one.conversation_id), [fact for fact in facts if fact[1] is not None])
        if one.evaluation:
            yield Table(
                ("Criterion", "Result", "Why"),
                [
                    (name, Styled(each.result, RESULT_STYLES.get(each.result, "yellow")), each.rationale)
                    for name, each in one.evaluation.items()
                ],
            )
        if one.collected:
            yield Table(
                ("Collected", "Value"),
                [
                    (field, item if isinstance(item, str) else json.dumps(item))
                    for field, item in one.collected.items()
                ],
            )
        if not one.transcript:
            yield "This conversation has no transcript."
        margin = max((len(safe(turn.speaker)) for turn in one.transcript), default=0)
        for turn in one.transcript:
            first, *more = turn.message.splitlines() or [""]
            head = f"{lasted(turn.at):>6}  {safe(turn.speaker):<{margin}}  "
            yield _encodable(head + first)
            yield from (" " * len(head) + _encodable(line) for line in more)


RESULT_STYLES = {"success": "green", "failure": "red"}


def lasted(seconds: float | None) -> str:
    """Format seconds as `2:05` or `1:02:05`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _encodable(text: str) -> str:
    encoding = Stdout().encoding
    return text.encode(encoding, "replace").decode(encoding)
