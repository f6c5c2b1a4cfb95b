"""The campaign report: a self-contained HTML page."""

import contextlib
import io
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from xuna_cli import __version__
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError
from xuna_cli.ledger.records import BatchState, CallOutcome
from xuna_cli.outcomes.audit import run_document
from xuna_cli.outcomes.report_data import Callee, ReportData, Slot
from xuna_cli.outcomes.summary import Held
from xuna_cli.output.conversations import lasted
from xuna_cli.output.files import is_ordinary, replacing
from xuna_cli.output.messages import COUNT_LABELS, count_words, counted, safe
from xuna_cli.times import for_people

SHORTEST_MASKED = 9  # characters; five would be most of a shorter number

TEMPLATE = "report.html.j2"
NOT_KNOWN = "\N{EN DASH}"
RUNS_SHOWN = 20

WORDS = {
    CallOutcome.SUCCESS: ("Success", "every criterion was met"),
    CallOutcome.FAILURE: ("Failure", "at least one criterion was not met"),
    CallOutcome.UNKNOWN: ("Unknown", "there is a conversation, but no verdict"),
    CallOutcome.IN_PROGRESS: ("In progress", "the call or its evaluation goes on"),
    CallOutcome.UNPROVEN: ("Unproven", "a conversation may belong to this call or to another one"),
    CallOutcome.NO_CONVERSATION: ("No conversation", "no conversation was found"),
    CallOutcome.NOT_READ: ("Not read", "the records were not read completely since the call"),
}

REJECTED = {
    "api-refused": "refused by the API",
    "key-missing": "an empty key",
    "key-not-text": "a key that is not text",
    "phone-decimal-point": "a number with a decimal point",
    "phone-excel-notation": "a number that a spreadsheet has shortened",
    "phone-extension": "a number with an extension",
    "phone-letters": "a number with letters in it",
    "phone-missing": "no phone number",
    "phone-no-country": "a number without its country",
    "phone-not-a-number": "no number at all",
    "phone-not-possible": "a number that can't exist",
    "phone-not-text": "a number that is not text",
    "phone-not-valid": "a number that is not assigned",
    "phone-several": "more than one number",
    "phone-short-number": "a short number",
    "phone-unknown-country": "a country that does not exist",
    "template-empty-value": "an empty cell in the message",
    "template-error": "the message could not be made",
    "template-missing-column": "a column that the message needs is missing",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart.

    Attributes:
        label: text beside the bar.
        count: the bar's number; None if unknown.
        share: length in percent of the longest bar.
        of_all: share of the total as text; may be empty.
        kind: CSS class.
        note: text under the label.
    """

    label: str
    count: int | None
    share: float
    of_all: str = ""
    kind: str = "accent"
    note: str = ""


def write_report(data: ReportData, to: Path, *, with_people: bool, address: str) -> None:
    """Write the page (0600).

    Args:
        data: the report's data.
        to: the output file.
        with_people: whether to include full numbers, keys and rationales.
        address: arguments that select this campaign and its ledger in suggested commands.

    Raises:
        InputError: the file can't be written, or another file is there.
    """
    with contextlib.suppress(OSError), to.open("rb") if is_ordinary(to) else io.BytesIO() as there:
        if (start := there.read(64)) and not start.lstrip().lower().startswith(b"<!doctype html"):
            raise InputError(
                f"{to} exists and is not a report, so it was not overwritten",
                hint="name another file with --to",
                code="output-is-other",
            )
    page = render(data, with_people=with_people, address=address)
    with replacing(to) as stream:
        stream.write(page)


def render(data: ReportData, *, with_people: bool, address: str) -> str:
    """Return the page; arguments as in `write_report`."""
    import jinja2  # noqa: PLC0415 - only where a page is made

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "n": lambda number: NOT_KNOWN if number is None else f"{number:,}",
        "counted": counted,
        "safe_text": safe,
    }
    source = resources.files(__package__).joinpath("templates", TEMPLATE).read_text(encoding="utf-8")
    called = data.called
    lists = {run.id: Path(run.source).name for run in data.runs}
    return environment.from_string(source).render(
        data=data,
        name=safe(data.campaign.name),
        address=safe(address),
        source=safe(Path(data.campaign.source_path).name) if data.campaign.source_path else None,
        sandbox=data.campaign.api_origin == "sandbox",
        made_at=for_people(data.made_at),
        first_run=None if data.first_run is None else for_people(data.first_run),
        version=__version__,
        figures=_figures(data),
        funnel=_funnel(data),
        others=_others(data),
        outcomes=_outcomes(data),
        criteria=_criteria(data),
        answers=_answers(data),
        columns=_columns(data.slots),
        columns_width=max(6, len(data.slots)),
        slot=data.slot,
        durations=_bars([(label, count) for label, count in data.durations]),
        rejections=_bars(
            [(REJECTED.get(code, code.replace("-", " ")), n) for code, n in data.rows.rejections.items()]
        ),
        held=[_held(one, safe(address)) for one in data.held],
        runs=_runs(data, with_people=with_people),
        runs_left=max(0, len(data.runs) - RUNS_SHOWN),
        several_lists=data.rows.lists > 1,
        people=[_person(one, with_people=with_people, lists=lists) for one in data.people],
        people_left=max(0, called - len(data.people)),
        with_people=with_people,
        sync=data.sync,
        read_at=None if data.sync is None else for_people(data.sync.read_at),
    )


def masked(number: str) -> str:
    """Return a masked phone number: only its beginning and its end."""
    return f"{number[:3]} ··· ·· {number[-2:]}" if len(number) >= SHORTEST_MASKED else "···"


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""


def _bars(counts: Sequence[tuple[str, int]]) -> list[Bar]:
    longest = max((count for _, count in counts), default=0) or 1
    whole = sum(count for _, count in counts)
    return [Bar(safe(label), count, 100 * count / longest, _percent(count, whole)) for label, count in counts]


def _figures(data: ReportData) -> list[tuple[str, str, str]]:
    called, conversed, runs = data.called, data.conversed, len(data.runs)
    success = data.outcomes.get(CallOutcome.SUCCESS, 0)
    figures = [(f"{called:,}", "calls made", f"in {counted(runs, 'run', 'runs')}")]
    if data.is_read:
        figures += [
            (_percent(conversed, called) or NOT_KNOWN, "had a conversation", f"{conversed:,} of {called:,}"),
            (
                _percent(success, conversed) or NOT_KNOWN,
                "of these succeeded",
                f"{success:,} of {conversed:,}",
            ),
        ]
    else:
        figures += [
            (NOT_KNOWN, what, "not read yet") for what in ("had a conversation", "of these succeeded")
        ]
    if data.median_duration is not None:
        figures.append((lasted(data.median_duration), "median length", "minutes and seconds"))
    return figures


def _funnel(data: ReportData) -> list[Bar]:
    rows, read = data.rows, data.is_read
    calls = f"{data.called:,} calls" if data.called != data.people_called else ""
    steps: list[tuple[str, int | None, str]] = []
    if rows.rows > rows.called:
        notes = [
            f"of {rows.lists:,} lists; a row that was fixed and called again counts once"
            if rows.lists > 1
            else "",
            "" if rows.complete else "no run has read the whole list, so there are more rows",
        ]
        lists = "; ".join(filter(None, notes))
        without = "without rejected rows, duplicates, do-not-call and other rules"
        steps += [("Rows", rows.rows, lists), ("Rows that can be called", rows.callable, without)]
    steps += [
        ("People called", data.people_called, calls),
        ("People with a conversation", data.people_conversed if read else None, "matched to their calls"),
        ("People with a success", data.people_succeeded if read else None, "every criterion met"),
    ]
    longest = max(count or 0 for _, count, _ in steps) or 1
    first = steps[0][1] or 0
    return [
        Bar(
            label,
            count,
            100 * (count or 0) / longest,
            "" if count is None else _percent(count, first),
            "accent",
            note,
        )
        for label, count, note in steps
    ]


def _others(data: ReportData) -> list[str]:
    """Return the other row counts, as in a run's result."""
    rows = data.rows
    others = {
        "duplicates": rows.duplicates,
        "rejected": rows.rejected,
        "do_not_call": rows.do_not_call,
        "screened": rows.screened,
        "held": rows.held,
    }
    said = [count_words(name, count) for name, count in others.items() if count]
    said += [f"{rows.in_flight:,} in progress"] if rows.in_flight else []
    return said + ([f"{rows.waiting:,} not sent yet, or deferred"] if rows.waiting else [])


def _runs(data: ReportData, *, with_people: bool) -> list[dict[str, object]]:
    """Return the runs, last one first; paths are only complete if people are included."""
    shown = []
    for run in reversed(data.runs[-RUNS_SHOWN:]):
        counts = data.counts.get(run.id, {})
        became = [count_words(name, counts[name]) for name in COUNT_LABELS if counts.get(name)]
        rules = run_document(run, counts)["rules"]
        by_rule = [f"{count:,} {rule}" for rule, count in rules.items()] if isinstance(rules, dict) else []
        facts = {
            "List": run.source if with_people else Path(run.source).name,
            "SHA-256 of the list": run.list_sha256,
            "Signed by": run.signed_by,
            "Message template": run.template,
            "Agent": run.agent_id,
            "SHA-256 of the agent": run.agent_hash,
            "Caller number": run.from_phone_number_id,
            "Rows": ", ".join(became),
            "By rule": ", ".join(by_rule),
            "Program": f"xuna {run.xuna_version}",
        }
        shown.append(
            {
                "id": run.id,
                "at": for_people(run.started_at),
                "who": safe(f"{run.user_name or NOT_KNOWN}@{run.host}"),
                "exit": NOT_KNOWN if run.exit_code is None else run.exit_code,
                "facts": [(name, safe(value)) for name, value in facts.items() if value],
            }
        )
    return shown


def _outcomes(data: ReportData) -> list[Bar]:
    whole = data.called
    return [
        Bar(
            WORDS[outcome][0],
            count,
            100 * count / whole,
            _percent(count, whole),
            outcome.value,
            WORDS[outcome][1],
        )
        for outcome in CallOutcome
        if (count := data.outcomes.get(outcome, 0))
    ]


@dataclass(frozen=True, slots=True)
class Stack:
    """A stacked bar: parts of (kind, count, begin and length in percent)."""

    label: str
    total: int
    parts: Sequence[tuple[str, int, float, float]]


def _stack(label: str, counts: Sequence[tuple[str, int]]) -> Stack:
    total = sum(count for _, count in counts) or 1
    parts, begins = [], 0.0
    for kind, count in counts:
        width = 100 * count / total
        parts.append((kind, count, begins, width))
        begins += width
    return Stack(safe(label), sum(count for _, count in counts), parts)


def _criteria(data: ReportData) -> list[Stack]:
    return [
        _stack(name, [(result, counts.get(result, 0)) for result in ("success", "failure", "unknown")])
        for name, counts in data.criteria.items()
    ]


def _answers(data: ReportData) -> list[Stack]:
    return [
        _stack(name, [("yes", counts.get(True, 0)), ("no", counts.get(False, 0))])
        for name, counts in data.answers.items()
    ]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the chart over time: position and height in a drawing of height 100."""

    label: str
    count: int
    x: float
    height: float


def _columns(slots: Sequence[Slot]) -> list[Column]:
    highest = max((slot.calls for slot in slots), default=0) or 1
    return [
        Column(slot.begins.strftime("%a %d %b, %H:%M"), slot.calls, position, 100 * slot.calls / highest)
        for position, slot in enumerate(slots)
    ]


def _held(one: Held, address: str) -> dict[str, object]:
    batch = one.batch
    resolve = f"xuna campaigns resolve {address} {batch.id} --placed"
    if batch.state is BatchState.SHORT:
        todo = (
            f"The API queued {batch.calls_initiated} of the calls; who was left out is unknown. "
            "Resolve the batch as placed:"
        )
    elif one.found:
        todo = "The batch was placed. Resolve it as placed:"
    else:
        todo = (
            "It is unknown whether the batch was placed. Look for it in the dashboard of XUNA AI, then run:"
        )
        resolve = f"xuna campaigns resolve {address}"
    return {
        "id": batch.id,
        "state": batch.state.value,
        "size": batch.size,
        "at": for_people(batch.submitted_at) if batch.submitted_at else "-",
        "found": one.found,
        "error": safe(batch.error or ""),
        "todo": todo,
        "command": resolve,
    }


def _person(one: Callee, *, with_people: bool, lists: Mapping[int, str]) -> dict[str, object]:
    call, came = one.call, one.call.outcome
    number, _, value = call.key.partition("\x1f")
    reasons = (
        [f"{name}: {judged.rationale}" for name, judged in came.evaluation.items() if judged.rationale]
        if with_people and came
        else []
    )
    return {
        "row": call.row_number,
        "list": safe(lists.get(call.batch.run_id, "")),
        "number": safe(call.to_phone_number) if with_people else masked(number),
        "key": safe(value) if with_people else "",
        "outcome": WORDS[one.outcome][0] + (f" (attempt {call.attempt})" if call.attempt > 1 else ""),
        "kind": one.outcome.value,
        "duration": lasted(came.duration) if came else "-",
        "reasons": [safe(reason) for reason in reasons],
    }
