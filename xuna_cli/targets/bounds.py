"""Limits for templates, so that no value and no computation can grow without end.

The size of a text is checked when the text is made, and so is the size of a list: repeating `{% set a = [a, a] %}`
forty times takes little memory, but code that walks through the list sees a terabyte. A loop of many small steps is
limited by the work per row.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import Undefined, pass_context

from xuna_cli.targets.values import LONGEST_TEXT, TemplateProblem, spoken, too_long

MOST_VALUES = 10_000
"""Maximum number of values in a list or an object, at all levels."""
MOST_STEPS = 1_000
"""Maximum number of steps of a loop; nobody listens to a thousand items."""
MOST_WORK = 10_000_000
"""Maximum number of characters and values that the template may process for one row; about a second."""
WORK_OF_A_STEP, WORK_OF_A_CALL = 10, 1_000
"""Work counted for a step of a loop, and for a call of a macro or function, even if they produce nothing."""


class _Work(threading.local):
    left = MOST_WORK


_WORK = _Work()


def begin_row() -> None:
    """Start counting the work for a row."""
    _WORK.left = MOST_WORK


def charge(amount: int) -> None:
    """Count work.

    Raises:
        TemplateProblem: the template needs too much work for this row.
    """
    _WORK.left -= amount + 1
    if _WORK.left < 0:
        raise TemplateProblem("template-error", "the template needs too much computation for one row")


def weigh(value: object) -> int:
    """Return the number of characters and values in a value, at all levels.

    Raises:
        TemplateProblem: the value is too large for a template.
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
    """Return a filter that refuses empty values, and limits its arguments and result.

    Jinja's own filters would return "None" for an empty value, or nothing.

    Args:
        function: the filter.
        is_of_text: whether it is for one text; Jinja's filter would return "['a']" for a list.
        is_growing: whether its other arguments say how much longer it makes the text.
    """
    position = 1 if hasattr(function, "jinja_pass_arg") else 0  # after Jinja's environment or context

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
    """Return a result of limited size; an iterator is turned into a list."""
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
    """Return the items of a loop.

    Raises:
        TemplateProblem: the loop has too many steps.
    """
    if isinstance(values, Undefined):
        str(values)
    values = list(values)
    charge(len(values) * WORK_OF_A_STEP)
    if len(values) > MOST_STEPS:
        raise TemplateProblem("template-error", f"a loop may have at most {MOST_STEPS:,} steps")
    return values


def concat(values: Iterable[object]) -> str:
    """Concatenate values, each as it is spoken."""
    text = "".join(map(spoken, values))
    charge(len(text))
    if len(text) > LONGEST_TEXT:
        raise too_long()
    return text


@pass_context  # otherwise Jinja would compute it once, when it compiles the template
def literal(_context: Any, length: int) -> str:
    """Count a text of the template that may be repeated; return an empty text."""
    charge(length)
    return ""
