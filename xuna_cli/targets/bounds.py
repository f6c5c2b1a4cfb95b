"""What a template may make on its way: no value, and no amount of work, grows without end.

A text is bounded where it is made. So is a list: `{% set a = [a, a] %}` forty times is small in memory, and a
terabyte for whatever walks through it. A loop in which each step is allowed is bounded by the work of a row.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import Undefined, pass_context

from xuna_cli.targets.values import LONGEST_TEXT, TemplateProblem, spoken, too_long

MOST_VALUES = 10_000
"""Values in a list or an object, all levels together."""
MOST_STEPS = 1_000
"""Steps of a loop; nobody listens to a thousand items."""
MOST_WORK = 10_000_000
"""Characters and values that one row's template may go through; about a second."""
WORK_OF_A_STEP, WORK_OF_A_CALL = 10, 1_000
"""What a step of a loop, and a call of a macro or a function, counts for: neither need make anything."""


class _Work(threading.local):
    left = MOST_WORK


_WORK = _Work()


def begin_row() -> None:
    """Start to count the work of a row."""
    _WORK.left = MOST_WORK


def charge(amount: int) -> None:
    """Count work.

    Raises:
        TemplateProblem: the row's template has done too much of it.
    """
    _WORK.left -= amount + 1
    if _WORK.left < 0:
        raise TemplateProblem("template-error", "the template needs too much computation for one row")


def weigh(value: object) -> int:
    """Return how many characters and values there are in a value, all levels together.

    Raises:
        TemplateProblem: more than a template may handle.
    """
    if isinstance(value, str):
        return len(value)
    if isinstance(value, range):
        return len(value)
    if not isinstance(value, (list, tuple, dict)):
        return 1
    characters = values = 0
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        values += 1
        if isinstance(one, str):
            characters += len(one)
        elif isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()][:MOST_VALUES]
        elif isinstance(one, (list, tuple)):
            waiting += one[:MOST_VALUES]
        if characters > LONGEST_TEXT:
            raise too_long()
        if values + len(waiting) > MOST_VALUES:
            raise TemplateProblem(
                "template-error", f"a list or an object has more than {MOST_VALUES:,} values"
            )
    return characters + values


def guarded(
    function: Callable[..., Any], *, is_of_text: bool = False, is_growing: bool = False
) -> Callable[..., Any]:
    """Return a filter that refuses empty values, and whose arguments and result are bounded.

    Jinja's own would say "None" of an empty value, or nothing at all.

    Args:
        function: the filter.
        is_of_text: it is for one text; Jinja's own would say "['a']" of a list.
        is_growing: its other arguments say how much longer it makes the text.
    """
    position = 1 if hasattr(function, "jinja_pass_arg") else 0  # behind Jinja's environment or context

    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        value = args[position]
        if value is None:
            raise TemplateProblem(
                "template-empty-value", "a filter got a value that is empty (null) in this row"
            )
        if isinstance(value, Undefined):
            str(value)
        if is_of_text:
            args = (*args[:position], spoken(value), *args[position + 1 :])
        for each in (*args[position:], *kwargs.values()):
            charge(weigh(each))
        if is_growing:
            sizes = [_size(each) for each in (*args[position + 1 :], *kwargs.values())]
            charge(weigh(args[position]) * max(sizes, default=0))
        return settled(function(*args, **kwargs))

    return bounded


def _size(argument: object) -> int:
    return abs(argument) if isinstance(argument, int) else weigh(argument)


def settled(result: Any) -> Any:
    """Return a result whose size is bounded; what is made step by step is made here."""
    if isinstance(result, Iterator):
        values = []
        for each in result:
            charge(weigh(each))
            values.append(each)
        result = values
    if isinstance(result, (list, tuple, dict)):
        charge(weigh(result))
    elif isinstance(result, str) and len(result) > LONGEST_TEXT:
        raise too_long()
    return result


def steps(values: Any) -> Any:
    """Return what a loop goes through.

    Raises:
        TemplateProblem: it has too many steps.
    """
    if isinstance(values, Undefined):
        str(values)
    values = list(values)
    charge(len(values) * WORK_OF_A_STEP)
    if len(values) > MOST_STEPS:
        raise TemplateProblem("template-error", f"a loop may have at most {MOST_STEPS:,} steps")
    return values


def concat(values: Iterable[object]) -> str:
    """Put texts together, each as it is spoken."""
    text = "".join(map(spoken, values))
    charge(len(text))
    if len(text) > LONGEST_TEXT:
        raise too_long()
    return text


@pass_context  # or it would be computed once, when the template is compiled
def literal(_context: Any, length: int) -> str:
    """Count a text of the template's own that may be said again and again, and return nothing to say."""
    charge(length)
    return ""
