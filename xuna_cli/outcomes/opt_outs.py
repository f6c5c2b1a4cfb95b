"""Add people who opted out in a conversation to the ledger's do-not-call list.

A rule names a collected field or a criterion, and the value that means an opt-out. Unclear values count as opt-outs.
A campaign keeps the rules that a command was given, for later commands that are given none, unless the records show
that these rules are wrong.
Records that match no call with certainty count, too: whichever call is meant, it had the record's number,
and one number too many on the list is safer than one too few.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UnknownPersonError, UsageError
from xuna_cli.folding import fold
from xuna_cli.ledger.conversations import Link, is_final, kept_records
from xuna_cli.ledger.do_not_call import add_for_reasons
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opt_out_rules import decided, keep_rules, note_opt_outs_known, numbers_of_calls
from xuna_cli.ledger.queries import in_parts
from xuna_cli.ledger.records import Campaign, ConversationSync
from xuna_cli.models import Conversation, Evaluation
from xuna_cli.outcomes.joining import RecordObserver, e164
from xuna_cli.screening.mark_names import is_clear_no
from xuna_cli.targets.rendered_list import KEY_SEPARATOR

MOST_NAMED = 10  # conversations in a message
SHORTEST = 7  # digits of a number without its country, that it can be recognized by

_YES = frozenset("yes y true t 1 on ja oui si sí sì sim da tak evet success".split())
_VERDICTS = {"success": True, "failure": False}


@dataclass(frozen=True, slots=True)
class OptOutRule:
    """A field and the value that means an opt-out.

    Attributes:
        field: name of a collected field or a criterion.
        value: yes, no or another text.
    """

    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}={self.value}"

    @property
    def is_yes_or_no(self) -> bool:
        """Whether the value is a yes or a no, as for criteria."""
        return _is_clear_yes(self.value) or self._wants_no

    @property
    def _wants_no(self) -> bool:
        return is_clear_no(self.value) or self.value.lower() == "failure"

    def is_met(self, value: object) -> bool:
        """Return whether a value of the field is an opt-out: anything but an empty value and a clear contradiction."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return False
        if self._wants_no:
            return not _is_clear_yes(value)
        if is_clear_no(value):
            return False
        return self.is_yes_or_no or not isinstance(value, str) or fold(self.value) in fold(value)


def _is_clear_yes(value: object) -> bool:
    if isinstance(value, str):
        return value.strip(" .'").lower() in _YES
    return isinstance(value, bool | int | float) and value == 1


NONE = "none"
"""Given instead of rules, it ends those that the campaign keeps."""


def parse_rules(texts: Sequence[str]) -> list[OptOutRule]:
    """Parse rules of the form `FIELD=VALUE`; a single `none` is no rule.

    Raises:
        UsageError: a rule is invalid.
    """
    if [text.strip() for text in texts] == [NONE]:
        return []
    rules = []
    for text in texts:
        field, _, value = (part.strip() for part in text.partition("="))
        if not field or not fold(value):
            raise UsageError(
                f"--opt-out-when {text!r}: it has to be FIELD=VALUE",
                hint="e.g. --opt-out-when opt_out=true",
                code="opt-out-when",
            )
        rules.append(OptOutRule(field, value))
    return list(dict.fromkeys(rules))


@dataclass(frozen=True, slots=True)
class OptOut:
    """A person who opted out.

    Attributes:
        to_phone_number: E.164.
        conversation_id: id of the record with the opt-out.
    """

    to_phone_number: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Harvest:
    """The opt-outs in a campaign's records.

    Attributes:
        rules: the rules.
        found: count of all numbers that opted out, earlier syncs included.
        added: opt-outs that are new on the do-not-call list.
        without_number: conversations of opt-outs without a usable number, which no person has decided about.
        may_be: numbers of the people who may be meant by these opt-outs.
        unknown_person: the error that somebody has opted out, and it is not known who; None if it is known.
        errors: errors in the rules.
        finished: whether any finished record was read.
        fields: the fields and criteria that the records have. Records of calls that nobody answered have none.
    """

    rules: Sequence[OptOutRule]
    found: int
    added: Sequence[OptOut]
    without_number: Sequence[str]
    errors: Sequence[UsageError]
    finished: bool
    fields: Sequence[str]
    may_be: AbstractSet[str] = frozenset()
    unknown_person: UnknownPersonError | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether the records show that a rule is wrong, so that opt-outs can't be recognized."""
        return bool(self.errors and self.fields)


@dataclass(frozen=True, slots=True)
class _Calls:
    """The numbers of the calls to which a record without an international number may belong.

    Attributes:
        all: of all calls of its batch, or of the campaign if it names none.
        without_record: of those that have no finished record of their own.
    """

    all: AbstractSet[str]
    without_record: AbstractSet[str]

    @classmethod
    def of(cls, ledger: Ledger, campaign_id: int, batch_id: str | None) -> "_Calls":
        return cls(
            numbers_of_calls(ledger, campaign_id, batch_id, also_read=True),
            numbers_of_calls(ledger, campaign_id, batch_id, also_read=False),
        )

    def ending_with(self, digits: str) -> AbstractSet[str]:
        """Return the numbers with this national form; none for an empty one."""
        return {number for number in self.all if digits and number.endswith(digits)}


def _national_digits(number: str | None) -> str:
    """Return the digits of a number without its country, without zeros before it; "" if they are too few."""
    digits = (e164(number) or "").strip("+").lstrip("0")
    return digits if len(digits) >= SHORTEST else ""


class Harvester(RecordObserver):
    """Adds opt-outs to the do-not-call list; repeating adds only new ones.

    Args:
        ledger: the ledger.
        campaign: the campaign whose records are read.
        rules: the rules.
        command: command name for the list's history.
        on_added: receives the added opt-outs once they are on disk.
        keeps: whether the campaign keeps these rules from now on.
        on_dropped: receives the rules that the campaign no longer keeps.
        where: options that select the ledger in suggested commands.

    Attributes:
        rules: the rules.
    """

    def __init__(
        self,
        ledger: Ledger,
        campaign: Campaign,
        rules: Sequence[OptOutRule],
        *,
        command: str,
        on_added: Callable[[Sequence[OptOut]], None],
        keeps: bool = False,
        on_dropped: Callable[[Sequence[str]], None] = lambda _: None,
        where: str = "",
    ) -> None:
        self.rules = rules
        self._ledger = ledger
        self._campaign = campaign
        self._command = command
        self._on_added = on_added
        self._keeps = keeps
        self._on_dropped = on_dropped
        self._where = where
        self._collected: set[str] = set()
        self._criteria: set[str] = set()
        self._finished = False
        self._unmatched: dict[str, str] = {}
        self._without_number: dict[str, Conversation] = {}
        self._added: list[OptOut] = []

    def take_unmatched(self, record: Conversation) -> None:
        """Check a record that may belong to the campaign but is linked with no call."""
        if self._says_so(record.evaluation, record.collected, final=is_final(record)):
            self._note(record)

    def take_elsewhere(self, record: Conversation) -> None:
        """Check a record of another call of the agent: a person may have called back to opt out.

        Its fields don't show whether the rules fit the campaign's records.
        """
        if self._is_opt_out(record.evaluation, record.collected):
            self._note(record)

    def _note(self, record: Conversation) -> None:
        number = e164(record.external_number)
        if number is not None and str(record.external_number).strip().startswith("+"):
            self._unmatched.setdefault(number, record.conversation_id)
        else:
            self._without_number[record.conversation_id] = record

    def take_links(self, links: Sequence[Link]) -> None:
        """Add those who opted out in records that are about to be stored, so that no other run calls them again."""
        said: dict[str, str] = {}
        for link in links:
            record = link.conversation
            if self._says_so(record.evaluation, record.collected, final=is_final(record)):
                numbers = (call.key.partition(KEY_SEPARATOR)[0] for call in link.calls)
                said.update((number, record.conversation_id) for number in numbers)
        self._add(said)

    def harvest(self, sync: ConversationSync | None = None) -> Harvest | None:
        """Add all opt-outs in the stored records; return None without rules.

        Args:
            sync: the reading before, whose records this object has checked; None if there was none, or it failed.
        """
        if not self.rules:
            self._keep()
            return None
        said: dict[str, str] = {}
        for record in kept_records(self._ledger, self._campaign.id):
            if self._says_so(record.evaluation, record.collected, final=record.final):
                said.setdefault(record.to_phone_number, record.conversation_id)
        said = {**self._unmatched, **said}
        without_number, may_be = self._look_for_people(said)
        self._add(said)
        harvest = Harvest(
            self.rules,
            len(said),
            tuple(self._added),
            without_number,
            self._errors(),
            self._finished,
            sorted(self._collected | self._criteria),
            may_be,
            self._unknown_person(without_number) if without_number else None,
        )
        if not harvest.is_wrong:
            self._keep()
            if sync is not None and sync.incomplete is None and not without_number:
                note_opt_outs_known(self._ledger, self._campaign.id, self._texts, sync.read_at)
        return harvest

    def _look_for_people(self, said: dict[str, str]) -> tuple[Sequence[str], AbstractSet[str]]:
        """Add to `said` the people who must be meant by the records without an international number.

        Returns:
            The conversations of the other records, and the numbers of the people who may be meant by them.
        """
        left, may_be = [], set[str]()
        decided_ones = decided(self._ledger, list(self._without_number)) if self._without_number else ()
        by_batch: dict[str | None, _Calls] = {}
        for record in self._without_number.values():
            if record.conversation_id in decided_ones:
                continue
            batch_id = record.batch_call_id
            calls = by_batch.get(batch_id) or _Calls.of(self._ledger, self._campaign.id, batch_id)
            by_batch[batch_id] = calls
            digits = _national_digits(record.external_number)
            meant = calls.ending_with(digits)
            if not meant and batch_id is not None and len(calls.without_record) == 1:
                meant = calls.without_record
            said.update((number, record.conversation_id) for number in meant if number not in said)
            if not meant:
                left.append(record.conversation_id)
                if batch_id is not None or not digits:  # else it is the number of somebody who was not called
                    may_be |= calls.without_record or calls.all
        return left, may_be

    def _unknown_person(self, conversation_ids: Sequence[str]) -> UnknownPersonError:
        count, first = len(conversation_ids), conversation_ids[0]
        opt_outs = "an opt-out" if count == 1 else f"{count:,} opt-outs"
        has = "has" if count == 1 else "have"
        named = ", ".join(conversation_ids[:MOST_NAMED]) + (", …" if count > MOST_NAMED else "")
        return UnknownPersonError(
            f"{opt_outs} of campaign {self._campaign.name!r} {has} no number, so it is not known who wants no calls: "
            f"{named}",
            hint="find out the number in the dashboard of XUNA AI, then run: "
            f"xuna do-not-call add NUMBER --reason {first}{self._where}\n"
            f"  if it was no phone call, run: xuna do-not-call dismiss {first}{self._where}",
        )

    @property
    def _texts(self) -> list[str]:
        return [str(rule) for rule in self.rules]

    def _keep(self) -> None:
        if self._keeps and set(self._texts) != set(self._campaign.opt_out_when):
            with self._ledger.transaction():
                dropped = keep_rules(self._ledger, self._campaign.id, self._texts)
            self._keeps = False  # the next harvest of a watch has nothing to add
            if dropped:
                self._on_dropped(dropped)

    def _add(self, said: Mapping[str, str]) -> None:
        """Add numbers with their conversations to the do-not-call list."""
        for part in in_parts(said):
            listed = self._ledger.on_do_not_call_list(part)
            new = {number: said[number] for number in part if number not in listed}
            if new:
                add_for_reasons(self._ledger, new, self._command)
                added = [OptOut(*one) for one in new.items()]
                self._added += added
                self._on_added(added)

    def _says_so(
        self, evaluation: Mapping[str, Evaluation], collected: Mapping[str, object], *, final: bool
    ) -> bool:
        self._finished = self._finished or final
        self._criteria.update(evaluation)
        self._collected.update(collected)
        return self._is_opt_out(evaluation, collected)

    def _is_opt_out(self, evaluation: Mapping[str, Evaluation], collected: Mapping[str, object]) -> bool:
        return any(
            (rule.field in collected and rule.is_met(collected[rule.field]))
            or (
                rule.field in evaluation
                and rule.is_yes_or_no
                and rule.is_met(_VERDICTS.get(evaluation[rule.field].result, "unknown"))
            )
            for rule in self.rules
        )

    def _errors(self) -> list[UsageError]:
        seen = self._collected | self._criteria
        errors = []
        never = list(dict.fromkeys(rule.field for rule in self.rules if rule.field not in seen))
        if self._finished and never:
            errors.append(
                UsageError(
                    f"--opt-out-when: no record has {' or '.join(never)}; the records of campaign "
                    f"{self._campaign.name!r} have: {', '.join(sorted(seen)) or 'no field and no criterion'}",
                    hint="use one of these names; until then, this rule puts nobody on the do-not-call list",
                    code="opt-out-field-unknown",
                )
            )
        errors += [
            UsageError(
                f"--opt-out-when {rule}: {rule.field} is a criterion, which is met or not",
                hint=f"use {rule.field}=success or {rule.field}=failure",
                code="opt-out-when",
            )
            for rule in self.rules
            if not rule.is_yes_or_no and rule.field in self._criteria - self._collected
        ]
        return errors
