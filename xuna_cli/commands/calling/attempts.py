"""The options for several attempts as a policy, and the policy as options."""

from datetime import timedelta

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.durations import parse_for
from xuna_cli.errors import UsageError
from xuna_cli.ledger.attempts import MAY_BE_CALLED_AGAIN, Attempts
from xuna_cli.ledger.records import CallOutcome
from xuna_cli.output.messages import counted

NEEDED = "e.g. --attempts 3 --again-after 4h,1d --again no-conversation"
UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def attempts_of(options: BatchCallOptions) -> Attempts | None:
    """Return the policy of attempts; None: nobody is called again.

    Raises:
        UsageError: an option is missing or invalid.
    """
    if options.attempts is None:
        for flag, value in (
            ("--again-after", options.again_after),
            ("--again", options.again),
            ("--first-message-again", options.first_message_again),
        ):
            if value is not None:
                raise UsageError(
                    f"{flag} needs --attempts, the maximum number of calls for each person",
                    hint=NEEDED,
                    code="attempts",
                )
        return None
    after = None if options.again_after is None else _spacing(options.again_after)
    again = None if options.again is None else _outcomes(options.again)
    if options.attempts == 1:
        return None
    if after is None or again is None:
        missing = "--again-after, the time" if after is None else "--again, the outcomes"
        raise UsageError(
            f"--attempts {options.attempts} needs {missing} after which a person is called again",
            hint=NEEDED,
            code="attempts",
        )
    if len(after) >= options.attempts:
        most = counted(options.attempts - 1, "time", "times")
        raise UsageError(
            f"--again-after {options.again_after} has {len(after)} times, but --attempts {options.attempts} needs "
            f"at most {most}: one before each call after the first",
            hint=f"use --attempts {len(after) + 1}, or fewer times",
            code="again-after",
        )
    return Attempts(options.attempts, after, again)


def as_options(policy: Attempts | None) -> str | None:
    """Return a policy as its options, the same text for the same policy; None for no policy."""
    if policy is None:
        return None
    after = ",".join(map(_span, policy.again_after))
    again = ",".join(sorted(outcome.value for outcome in policy.again))
    return f"--attempts {policy.most} --again-after {after} --again {again}"


def _spacing(text: str) -> tuple[timedelta, ...]:
    spans = []
    for part in text.split(","):
        try:
            seconds = parse_for(part, "--again-after")
        except UsageError:
            seconds = 0.0
        if seconds <= 0:
            raise UsageError(
                f"--again-after {text}: {part.strip()!r} is not a time with a unit",
                hint="use e.g. 4h,1d: 4 hours before the second call, and 1 day before each further one "
                "(units: s, m, h, d)",
                code="again-after",
            )
        spans.append(timedelta(seconds=seconds))
    return tuple(spans)


def _outcomes(text: str) -> frozenset[CallOutcome]:
    known = {outcome.value: outcome for outcome in MAY_BE_CALLED_AGAIN}
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words or [text]:
        if word in known:
            continue
        hint = f"use one or more of {', '.join(known)}"
        if word == CallOutcome.SUCCESS:
            hint += "; people whose call was a success are not called again"
        elif word in set(CallOutcome):
            hint += f"; {word} is not a proven outcome"
        raise UsageError(
            f"--again {text}: nobody can be called again after {word!r}", hint=hint, code="again"
        )
    return frozenset(known[word] for word in words)


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    unit, size = next((unit, size) for unit, size in UNITS if seconds % size == 0 or size == 1)
    return f"{seconds / size:g}{unit}"
