"""Rules that a whole list is read for, before anybody on it is called.

Two rows of one person may say different things, and which of them is read first, or together with which
others, must not decide who is called: a no in any row is a no.
"""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.phone.same_person import one_form
from xuna_cli.screening.do_not_call import Numbers
from xuna_cli.screening.marks import Marks
from xuna_cli.screening.order import Screening
from xuna_cli.screening.rules import DO_NOT_CALL, SCREENED, Consent, InAnyRow, ScreeningContext


def needs_whole_list(screening: Screening) -> bool:
    """Return whether a rule looks at the cells of a row for a no; in JSON, any contact may have such a cell."""
    marks = screening.marks
    return isinstance(screening.consent, Consent) or (
        isinstance(marks, Marks) and bool(marks.columns or marks.in_contact)
    )


def for_whole_list(
    screening: Screening,
    rows: Iterable[Contact | Rejection],
    prepare: Callable[[Contact], CallTarget | Rejection],
    *,
    now: datetime,
) -> Screening:
    """Read a list and return the rules with what its rows say of each other; eight bytes for each no.

    Args:
        screening: the rules.
        rows: the whole list.
        prepare: contact to call target; only its numbers matter.
        now: UTC.

    Raises:
        InputError: the list can't be read to its end. Nobody may be called then: a no may be behind it.
    """
    marks, consent = screening.marks, screening.consent
    rules = [rule for rule in (marks, consent) if isinstance(rule, Marks | Consent)]
    noes = [array("Q") for _ in rules]
    for row in rows:
        if isinstance(row, Rejection):
            continue
        look = ScreeningContext(CallTarget(row.row_number, "", ""), now, row.fields)
        said = [rule(look) is not None for rule in rules]
        if any(said) and isinstance(target := prepare(row), CallTarget):
            digits = [int(one_form(number)[1:]) for number in target.numbers]
            for no, found in zip(noes, said, strict=True):
                no.extend(digits if found else ())
    for rule, no in zip(rules, noes, strict=True):
        numbers = Numbers(f"+{number}" for number in no)
        if isinstance(rule, Marks):
            column = rule.columns[0] if len(rule.columns) == 1 else ""
            marks = InAnyRow(rule, numbers, "do-not-call", DO_NOT_CALL, column)
        else:
            consent = InAnyRow(rule, numbers, "no-consent", SCREENED, rule.column)
    return replace(screening, marks=marks, consent=consent)
