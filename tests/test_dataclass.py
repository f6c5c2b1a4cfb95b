"""Our dataclasses behave as those of the standard library."""

import dataclasses

import pytest

from xuna_cli.dataclass import dataclass


def made_by(decorator, **options):
    class Row:
        phone: str
        name: str = ""
        seen: dict = dataclasses.field(default_factory=dict, compare=False, repr=False)

    return decorator(frozen=True, **options)(Row)


ours, theirs = made_by(dataclass, slots=True), made_by(dataclasses.dataclass, slots=True)


def test_the_text_names_the_same_fields():
    assert repr(ours("+1212", "Ada")) == repr(theirs("+1212", "Ada"))


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        (ours("+1212", "Ada", {"a": 1}), True),  # `seen` is not compared
        (ours("+1212", "Bea"), False),
        (theirs("+1212", "Ada"), False),  # another class
        (("+1212", "Ada"), False),
    ],
)
def test_equal_values_of_one_class_are_equal(other, equal):
    one = ours("+1212", "Ada")
    assert (one == other) is equal
    assert (one != other) is not equal


def test_equal_ones_have_one_hash_and_different_ones_two():
    assert len({ours("+1212", "Ada"), ours("+1212", "Ada", {"a": 1}), ours("+1212", "Bea")}) == 2


def test_a_class_that_is_not_frozen_has_no_hash():
    @dataclass
    class Counts:
        rows: int = 0

    counts = Counts()
    counts.rows += 1
    assert counts == Counts(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counts)


def test_a_class_that_is_compared_by_identity_stays_so():
    one, other = made_by(dataclass, eq=False)("1"), made_by(dataclass, eq=False)("1")
    assert one != other
    assert len({one, other}) == 2


def test_methods_of_the_class_win():
    @dataclass(frozen=True)
    class Secret:
        key: str

        def __repr__(self):
            return "Secret"

    assert repr(Secret("k")) == "Secret"


def test_options_can_leave_the_text_out():
    assert "+1212" not in repr(made_by(dataclass, repr=False)("+1212"))


def test_replace_and_asdict_work():
    changed = dataclasses.replace(ours("+1212", "Ada"), name="Bea")
    assert dataclasses.asdict(changed) == {"phone": "+1212", "name": "Bea", "seen": {}}
