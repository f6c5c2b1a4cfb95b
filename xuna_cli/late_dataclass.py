"""Dataclasses whose methods are made when they are first used.

The standard decorator compiles up to six methods of each class. A command defines more than a hundred classes and uses
few of these methods: compiling them all took a sixth of the processor time of a short run.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - others import it from here
else:

    def dataclass(
        *,
        frozen: bool = False,
        slots: bool = False,
        kw_only: bool = False,
        eq: bool = True,
        repr: bool = True,  # noqa: A002 - named as in the standard decorator
    ) -> Callable[[type], type]:
        """Make a dataclass; the arguments mean the same as for `dataclasses.dataclass`."""

        def declare(cls: type) -> type:
            own = set(vars(cls))
            cls.__doc__ = cls.__doc__ or cls.__name__  # the standard decorator would format a signature
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
            late = {"__init__": True, "__repr__": repr, "__eq__": eq, "__hash__": eq and frozen}
            for name, wanted in late.items():
                if wanted and name not in own:
                    setattr(made, name, _late(made, name))
            if eq and not frozen:
                made.__hash__ = None
            if frozen:
                made.__setattr__ = made.__delattr__ = _refuse
            return made

        return declare


def _late(cls: Any, name: str) -> Any:
    """Return a method that replaces itself with the real one, and calls that."""

    def first(self: object, *args: object, **kwargs: object) -> Any:
        method = _init_of(cls) if name == "__init__" else getattr(_twin(cls), name)
        setattr(cls, name, method)
        return method(self, *args, **kwargs)

    return first


def _init_of(cls: Any) -> Any:
    """Compile the `__init__` of a dataclass."""
    fields = [field for field in dataclasses.fields(cls) if field.init]
    known: dict[str, Any] = {"set_": object.__setattr__, "missing": dataclasses.MISSING}
    parameters = {False: ["self"], True: []}  # by whether they are only given by keyword
    lines = []
    for field in fields:
        name = value = field.name
        default = ""
        if field.default is not dataclasses.MISSING:
            known[f"default_{name}"], default = field.default, f"=default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            known[f"make_{name}"], default = field.default_factory, "=missing"
            value = f"make_{name}() if {name} is missing else {name}"
        parameters[bool(field.kw_only)].append(f"{name}{default}")
        lines.append(f" set_(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    given = ", ".join(parameters[False] + (["*"] if parameters[True] else []) + parameters[True])
    source = "\n".join([f"def __init__({given}):", *lines, " return None"])
    exec(source, known)  # noqa: S102 - it consists of the names of our fields
    return known["__init__"]


def _twin(cls: Any) -> Any:
    """Return a class with the same fields and all methods of the standard decorator but `__init__`."""
    fields = [(field.name, field.type, field) for field in dataclasses.fields(cls)]
    return dataclasses.make_dataclass(cls.__name__, fields, frozen=True, init=False)


def _refuse(self: object, name: str, *_: object) -> None:
    del self
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")
