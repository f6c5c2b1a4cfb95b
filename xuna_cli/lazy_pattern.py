"""Regular expressions that are compiled when they are first used: most commands use few of ours."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from re import compile as lazy_pattern
else:

    class lazy_pattern:  # noqa: N801 - it stands where `re.compile` would
        """A regular expression, with the attributes and methods of `re.Pattern`.

        Args:
            text: the expression.
            flags: as of `re.compile`.
        """

        def __init__(self, text: str, flags: int = 0) -> None:
            self._given = text, flags

        def __getattr__(self, name: str) -> Any:
            # From now on, the attribute is found without this method.
            vars(self)[name] = value = getattr(re.compile(*self._given), name)
            return value


__all__ = ["lazy_pattern"]
