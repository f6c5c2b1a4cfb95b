"""Classes of `late_dataclass` do what the standard decorator's do."""

import copy
import dataclasses
from dataclasses import FrozenInstanceError, field

import pytest

from xuna_cli import late_dataclass


def classes(dataclass):
    @dataclass(frozen=True, slots=True)
    class Base:
        one: int
        two: str = "two"
        many: list = field(default_factory=list, compare=False, repr=False)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Child(Base):
        three: float = 3.0
        four: int

        def __post_init__(self):
            if self.four < 0:
                raise ValueError("four")

    @dataclass(slots=True)
    class Mutable:
        one: int
        hidden: int = field(init=False)

        def __post_init__(self):
            self.hidden = self.one

    @dataclass(frozen=True, eq=False, repr=False)
    class Plain:
        one: int = 1

    return Base, Child, Mutable, Plain


def told(what):
    try:
        return what()
    except (TypeError, ValueError, FrozenInstanceError) as error:
        return type(error)


def assign(thing):
    thing.one = 5
    return thing.one


def delete(thing):
    del thing.one


CASES = [
    lambda base, child, mutable, plain: repr(base(1)),
    lambda base, child, mutable, plain: repr(base(one=1, two="x", many=[1])),
    lambda base, child, mutable, plain: base(),
    lambda base, child, mutable, plain: base(1, three=2),
    lambda base, child, mutable, plain: base(1, "x", [], 4),
    lambda base, child, mutable, plain: base(1).many is base(1).many,
    lambda base, child, mutable, plain: base(1) == base(1, many=[2]),
    lambda base, child, mutable, plain: base(1) != base(2),
    lambda base, child, mutable, plain: base(1) == child(1, four=1),
    lambda base, child, mutable, plain: hash(base(1)) == hash(base(1, many=[2])),
    lambda base, child, mutable, plain: len({base(1), base(1), base(2)}),
    lambda base, child, mutable, plain: assign(base(1)),
    lambda base, child, mutable, plain: delete(base(1)),
    lambda base, child, mutable, plain: repr(child(1, "b", four=4)),
    lambda base, child, mutable, plain: child(1, "b", [], 4),
    lambda base, child, mutable, plain: child(1, four=-1),
    lambda base, child, mutable, plain: dataclasses.asdict(dataclasses.replace(child(1, four=4), one=9)),
    lambda base, child, mutable, plain: [one.name for one in dataclasses.fields(child)],
    lambda base, child, mutable, plain: child.__match_args__,
    lambda base, child, mutable, plain: repr(mutable(1)),
    lambda base, child, mutable, plain: assign(mutable(1)),
    lambda base, child, mutable, plain: hash(mutable(1)),
    lambda base, child, mutable, plain: mutable(1) == mutable(1),
    lambda base, child, mutable, plain: plain() == plain(),
    lambda base, child, mutable, plain: assign(plain()),
    lambda base, child, mutable, plain: copy.copy(plain()).one,
    lambda base, child, mutable, plain: len({plain(), plain()}),
]


@pytest.mark.parametrize("case", CASES)
def test_it_does_what_the_standard_decorator_does(case):
    ours = told(lambda: case(*classes(late_dataclass.dataclass)))
    assert ours == told(lambda: case(*classes(dataclasses.dataclass)))


def test_a_method_is_made_when_it_is_used_first():
    base, *_ = classes(late_dataclass.dataclass)
    before = base.__init__
    base(1)
    made = base.__init__
    base(2)
    assert before is not made is base.__init__
    assert base.__eq__.__name__ == "first"
