"""Conversation records, generated from the accepted calls; the same seed gives the same records."""

import random
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import field
from hashlib import blake2b

from xuna_cli.dataclass import dataclass
from xuna_cli.sandbox.account import Account
from xuna_cli.sandbox.state import DialledCall, SandboxState

OUTCOMES = ("success", "failure", "unknown")
REPLIES = ("Yes, speaking.", "Who is this?", "Sorry, this is a bad moment.", "Could you call again tomorrow?")
CLOSINGS = ("Thank you for your time.", "I will make a note of it. Goodbye.", "Thanks, have a nice day.")
TIMES = ("morning", "afternoon", "evening")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOptions:
    """Content of the records, and when they appear.

    Attributes:
        appear_after: seconds from the call to its record.
        spread: maximum of additional random seconds for each call.
        in_progress: seconds after the record has appeared during which the call is still in progress and has no
            result.
        optional_metadata: whether to include `status`, `metadata.phone_call` and `metadata.batch_call`, which the
            vendor doesn't document.
        batch_ids: whether the optional fields include `metadata.batch_call`.
        directions: whether the optional fields include `metadata.phone_call.direction`.
        incoming: batches whose records are those of incoming calls, which name no batch.
        unanswered: share of calls that never get a record.
        opt_out: share of people who opt out; all records of such a person say so in the collected data.
            None: the fields are left out.
        opt_out_fields: the fields with the value of people who opt out, and of the others.
        page_size: default number of records per page.
    """

    appear_after: float = 0.0
    spread: float = 0.0
    in_progress: float = 0.0
    optional_metadata: bool = True
    batch_ids: bool = True
    directions: bool = False
    incoming: frozenset[str] = frozenset()
    unanswered: float = 0.0
    opt_out: float | None = None
    opt_out_fields: Mapping[str, tuple[object, object]] = field(
        default_factory=lambda: {"opt_out": (True, False)}
    )
    page_size: int = 30


class Conversations:
    """The conversation records of a sandbox."""

    def __init__(
        self, account: Account, state: SandboxState, options: ConversationOptions | None = None
    ) -> None:
        self._account = account
        self._state = state
        self.options = options or ConversationOptions()

    def page(self, agent_id: str | None, before: int | None, size: int) -> tuple[list[DialledCall], bool]:
        """Return a page of the newest calls that have a record, and whether there are more.

        Args:
            agent_id: return only this agent's calls.
            before: return only calls with a lower sequence; the end of the previous page.
            size: maximum number of calls.
        """
        page: list[DialledCall] = []
        calls = self._state.calls()
        if before is not None:
            del calls[bisect_left(calls, before, key=_sequence) :]
        for call in reversed(calls):
            if (agent_id is None or call.agent_id == agent_id) and self._has_appeared(call):
                if len(page) == size:
                    return page, True
                page.append(call)
        return page, False

    def find(self, conversation_id: str) -> DialledCall | None:
        """Return the call of a conversation, if its record has appeared."""
        calls = self._state.calls()
        position = bisect_left(calls, _sequence_in(conversation_id), key=_sequence)
        call = calls[position] if position < len(calls) else None
        if call is None or conversation_id_of(call) != conversation_id or not self._has_appeared(call):
            return None
        return call

    def _has_appeared(self, call: DialledCall) -> bool:
        appears = self._appears_at(call)
        return appears is not None and self._state.clock() >= appears

    def _appears_at(self, call: DialledCall) -> float | None:
        options = self.options
        wait = options.appear_after
        if options.unanswered or options.spread:
            drawn = self._draws(call, "appears")
            if drawn.random() < options.unanswered:
                return None
            wait += options.spread * drawn.random()
        return call.at + wait

    def _is_in_progress(self, call: DialledCall) -> bool:
        appears = self._appears_at(call)
        return appears is not None and self._state.clock() < appears + self.options.in_progress

    def _draws(self, call: DialledCall, what: str) -> random.Random:
        return self._drawn(f"{what}:{call.to_phone_number}:{call.nth}")

    def _drawn(self, what: str) -> random.Random:
        return random.Random(f"{self._state.seed or 0}:{what}")  # noqa: S311 - repeatable

    def _opt_out(self, call: DialledCall) -> dict[str, object]:
        share = self.options.opt_out
        if share is None:
            return {}
        opts_out = self._drawn(f"opt-out:{call.to_phone_number}").random() < share
        fields = self.options.opt_out_fields.items()
        return {name: said if opts_out else otherwise for name, (said, otherwise) in fields}

    def detail(self, call: DialledCall) -> dict[str, object]:
        """Return the full record, as its own endpoint returns it."""
        drawn = self._draws(call, "story")
        duration = drawn.randint(8, 240)
        outcome = drawn.choices(OUTCOMES, weights=(6, 3, 1))[0]
        conversation_id = conversation_id_of(call)
        if self._is_in_progress(call):
            return self.summary(call) | {"transcript": [], "evaluation_results": {}, "collected_data": {}}
        return self.summary(call) | {
            "transcript": [
                {"speaker": "agent", "timestamp": 0, "message": self._first_message(call)},
                {"speaker": "user", "timestamp": duration // 4, "message": drawn.choice(REPLIES)},
                {"speaker": "agent", "timestamp": duration // 2, "message": drawn.choice(CLOSINGS)},
            ],
            "audio": f"https://sandbox.invalid/audio/{conversation_id}.mp3",
            "evaluation_results": {
                "goal_reached": {"result": outcome, "rationale": f"The sandbox drew {outcome}."},
                "polite": {"result": "success", "rationale": "The agent thanked the person."},
            },
            "collected_data": {
                "wants_callback": drawn.random() < 0.2,  # noqa: PLR2004 - one in five
                "best_time": drawn.choice(TIMES),
                **self._opt_out(call),
            },
        }

    def summary(self, call: DialledCall) -> dict[str, object]:
        """Return the record's entry in the list of conversations."""
        duration = self._draws(call, "story").randint(8, 240)
        start = int(call.at)
        metadata: dict[str, object] = {
            "start_time": start,
            "end_time": start + duration,
            "duration": duration,
            "agent_id": call.agent_id,
        }
        record: dict[str, object] = {"conversation_id": conversation_id_of(call), "metadata": metadata}
        if self.options.optional_metadata:
            record["status"] = "in-progress" if self._is_in_progress(call) else "done"
            is_incoming = call.batch_id in self.options.incoming
            metadata["phone_call"] = {"external_number": call.to_phone_number} | (
                {"direction": "inbound" if is_incoming else "outbound"}
                if self.options.directions or is_incoming
                else {}
            )
            if self.options.batch_ids and not is_incoming:
                metadata["batch_call"] = {"batch_call_id": call.batch_id}
        return record

    def _first_message(self, call: DialledCall) -> str:
        override = call.conversation_config_override or {}
        agent = override.get("agent")
        said = agent.get("first_message") if isinstance(agent, dict) else None
        if isinstance(said, str):
            return said
        known = self._account.agent(call.agent_id)
        return known.first_message if known else ""


def conversation_id_of(call: DialledCall) -> str:
    """Return the ID of a call's conversation."""
    digest = blake2b(call.batch_id.encode(), digest_size=8)
    return f"conv_{digest.hexdigest()}{call.sequence:08x}"


def _sequence(call: DialledCall) -> int:
    return call.sequence


def _sequence_in(conversation_id: str) -> int:
    try:
        return int(conversation_id[-8:], 16)
    except ValueError:
        return 0
