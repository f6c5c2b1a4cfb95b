"""The preview of a rehearsal, and who was called lately, for people and for programs."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from xuna_cli.dialing.preview import Estimate, Preview, Sample
from xuna_cli.output.messages import counted

SHOWN = 6  # countries and zones shown
WHOLE_MINUTES_FROM_S = 90


def preview_lines(preview: Preview) -> Iterator[str]:
    """Yield lines with messages, people, countries, zones and estimates."""
    if not preview.people:
        return
    yield ""
    yield "First messages:"
    yield from message_lines(preview)
    yield from people_lines(preview)
    now = preview.people - preview.deferred
    later = "; the others are called later" if preview.deferred else ""
    yield f"Callable now: {now:,} of {counted(preview.people, 'person', 'people')}{later}"
    yield from estimate_lines(preview.estimate)


def people_lines(preview: Preview) -> Iterator[str]:
    """Yield the people by country and by time zone."""
    yield f"People by country: {_most(preview.countries)}"
    yield f"People by time zone: {_most(preview.zones)}"


def message_lines(preview: Preview) -> Iterator[str]:
    """Yield sample messages and the longest one."""
    longest, shown = preview.longest, list(preview.samples)
    if longest is not None and longest.message and longest not in shown:
        shown.append(longest)
    for sample in shown:
        if sample == longest and sample.message and len(shown) > 1:
            size = f"{len(sample.message):,} characters"
            yield f"  row {sample.row_number}, the longest: {_words(sample)} ({size})"
        else:
            yield f"  row {sample.row_number}: {_words(sample)}"
    if preview.again is not None:
        yield f"  row {preview.again.row_number}, the second call: {_words(preview.again)}"


def _words(sample: Sample) -> str:
    return "the agent's own message" if sample.message is None else f"“{sample.message}”"


def _most(counts: Mapping[str, int]) -> str:
    shown = [f"{people:,} in {name}" for name, people in islice(counts.items(), SHOWN)]
    if others := sum(islice(counts.values(), SHOWN, None)):
        shown.append(f"{others:,} elsewhere")
    return "; ".join(shown)


def estimate_lines(estimate: Estimate) -> Iterator[str]:
    """Yield the requests, the time and, with a price, the cost."""
    known = estimate.experience
    time = "time unknown, because this ledger has no earlier requests"
    if estimate.seconds is not None:
        time = f"about {_duration(estimate.seconds)}"
    yield f"{counted(estimate.requests, 'request', 'requests')}, {time}"
    if estimate.price_per_minute is None:
        return
    if estimate.cost is None:
        yield "Cost: unknown, because this ledger has no outcomes yet. To learn how to read them: xuna help outcomes"
    else:
        answered = f"{known.answered / known.calls:.0%} of {counted(known.calls, 'call', 'calls')} answered"
        yield (
            f"Cost: about {estimate.cost:,.2f} at {estimate.price_per_minute:g} a minute (in this ledger {answered}, "
            f"for {known.answered_seconds or 0:.0f} s on average)"
        )


def _duration(seconds: float) -> str:
    if seconds < WHOLE_MINUTES_FROM_S:
        return counted(max(1, round(seconds)), "second", "seconds")
    return counted(round(seconds / 60), "minute", "minutes")


def preview_document(preview: Preview) -> dict[str, Any]:
    """Return the preview as a JSON object."""
    estimate, known = preview.estimate, preview.estimate.experience
    return {
        "people": preview.people,
        "callable_now": preview.people - preview.deferred,
        "samples": [sample_document(one) for one in preview.samples],
        "longest": None if preview.longest is None else sample_document(preview.longest),
        "second_call": None if preview.again is None else sample_document(preview.again),
        "countries": dict(preview.countries),
        "time_zones": dict(preview.zones),
        "requests": estimate.requests,
        "seconds": None if estimate.seconds is None else round(estimate.seconds, 1),
        "cost": None if estimate.cost is None else round(estimate.cost, 4),
        "price_per_minute": estimate.price_per_minute,
        "based_on": {
            "requests": known.requests,
            "request_seconds": known.request_seconds,
            "calls": known.calls,
            "answered": known.answered,
            "answered_seconds": known.answered_seconds,
        },
    }


def sample_document(sample: Sample) -> dict[str, Any]:
    """Return a sample as a JSON object."""
    override = None if sample.override is None else json.loads(sample.override)
    return {
        "row": sample.row_number,
        "to_phone_number": sample.to_phone_number,
        "first_message": sample.message,
        "conversation_config_override": override,
    }
