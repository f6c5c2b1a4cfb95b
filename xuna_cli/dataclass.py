"""The decorator of our dataclasses: as `dataclasses.dataclass`, but quick to make and quick to fill.

Calling ten people makes 120 dataclasses, and each row of a list fills several. The standard decorator compiles six
functions for each frozen class, which took a sixth of the start-up (3.11), and its `__init__` of a frozen class takes
four times as long as that of another one. So here only `__init__` is compiled; the other methods are shared, and it is
the type checker that rejects assignments to a frozen class.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - the type checker follows this one
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, **options: Any
    ) -> Any:
        """Make a dataclass. `slots` and `kw_only` are those of `dataclasses.dataclass`.

        Args:
            cls: the class.
            frozen: whether instances have a hash; the type checker rejects assignments to them.
            eq: whether instances are compared by their fields.
            options: further options of `dataclasses.dataclass`, `repr` among them.
        """
        shared = {"__repr__": _repr} if options.pop("repr", True) else {}
        if eq:
            shared |= {"__eq__": _eq, "__hash__": _hash if frozen else None}

        def make(declared: type) -> type:
            # The standard decorator would make a docstring from the signature, which takes longer than all the rest.
            declared.__doc__ = declared.__doc__ or ""
            made = dataclasses.dataclass(eq=False, repr=False, **options)(declared)
            for name, method in shared.items():
                if name not in declared.__dict__:
                    setattr(made, name, method)
            return made

        return make if cls is None else make(cls)


def _repr(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _values(one: Any) -> tuple[Any, ...]:
    return tuple([getattr(one, field.name) for field in dataclasses.fields(one) if field.compare])


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))
