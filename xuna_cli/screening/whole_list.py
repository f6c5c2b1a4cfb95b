"""Rules that need the whole list before anybody on it is called.

Two rows of one person may contradict each other. The order in which they are read must not decide who is called: a
"no" in any row is a "no".
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
    """Return whether a rule has to look for a "no" in all rows; in JSON, any contact may have such a field."""
    marks = screening.marks
    return isinstance(screening.consent, Consent) or (
        isinstance(marks, Marks) and bool(marks.columns or marks.remarks or marks.in_contact)
    )


def for_whole_list(
    screening: Screening,
    rows: Iterable[Contact | Rejection],
    numbers: Callable[[Contact], Iterable[str]],
    *,
    now: datetime,
) -> Screening:
    """Read a list, and return the rules with the findings of all rows; takes eight bytes for each "no".

    Args:
        screening: the rules.
        rows: the whole list.
        numbers: returns the numbers of a contact, as E.164; also those that it may mean, if none is certain.
        now: current time in UTC.

    Raises:
        InputError: the list can't be read to its end. Nobody may be called then, because the unread rows may have a
            "no".
    """
    marks, consent = screening.marks, screening.consent
    rules = [rule for rule in (marks, consent) if isinstance(rule, Marks | Consent)]
    noes = [array("Q") for _ in rules]
    nobody = CallTarget(0, "", "")
    for row in rows:
        contact = row.contact if isinstance(row, Rejection) else row
        if contact is None:
            continue
        said = [
            rule.marked(contact.fields) is not None
            if isinstance(rule, Marks)
            # The cells of a rejected row may be in wrong columns, so an empty consent proves nothing there.
            else contact is row and rule(ScreeningContext(nobody, now, contact.fields)) is not None
            for rule in rules
        ]
        if True in said:
            digits = [int(one_form(number)[1:]) for number in numbers(contact)]
            for no, is_no in zip(noes, said, strict=True):
                no.extend(digits if is_no else ())
    for rule, no in zip(rules, noes, strict=True):
        found = Numbers(f"+{number}" for number in no)
        if isinstance(rule, Marks):
            column = rule.columns[0] if len(rule.columns) == 1 and not rule.remarks else ""
            marks = InAnyRow(rule, found, "do-not-call", DO_NOT_CALL, column)
        else:
            consent = InAnyRow(rule, found, "no-consent", SCREENED, rule.column)
    return replace(screening, marks=marks, consent=consent)
