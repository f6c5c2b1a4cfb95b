import re

import pytest

from xuna_cli.contacts.columns import PHONE_COLUMN_NAMES
from xuna_cli.errors import InputError


@pytest.mark.parametrize("name", PHONE_COLUMN_NAMES)
@pytest.mark.parametrize(
    "spelling",
    [
        str,
        str.upper,
        str.title,
        lambda n: n.replace(" ", "_"),
        lambda n: n.replace(" ", ""),
        lambda n: f"{n}:",
    ],
)
def test_each_published_name_is_found_in_any_spelling(opened, name, spelling):
    assert opened(f"name,{spelling(name)}\nAnn,+1\n").phone_column == spelling(name)


@pytest.mark.parametrize("header", ["name,phone,Mobile", "phone,PHONE,x"])
def test_two_candidates_are_an_error_that_names_both(opened, header):
    with pytest.raises(InputError) as caught:
        opened(f"{header}\na,b,c\n")
    assert "more than one column" in caught.value.message
    assert "'phone'" in caught.value.message
    assert re.search("'(Mobile|PHONE)'", caught.value.message)
    assert "--phone-column phone" in caught.value.hint


def test_the_given_column_decides_between_two(opened):
    assert opened("phone,mobile\n+1,+2\n", phone_columns=("mobile",)).phone_column == "mobile"


def test_the_given_column_needs_no_known_name(opened):
    assert opened("who,fon\nAnn,+1\n", phone_columns=("fon",)).phone_column == "fon"


def test_no_candidate_is_an_error_that_lists_the_columns(opened):
    with pytest.raises(InputError, match=r"its columns: 'who', 'fon'") as caught:
        opened("who,fon\nAnn,+1\n")
    assert "--phone-column" in caught.value.hint


def test_an_unknown_column_is_told_with_the_nearest_name_and_all(opened):
    with pytest.raises(InputError, match=r"no column 'phone_numbr'; did you mean 'Phone Number'") as caught:
        opened("Phone Number,name\n+1,Ann\n", phone_columns=("phone_numbr",))
    assert "'Phone Number', 'name'" in caught.value.hint


def test_an_unknown_column_like_no_other_gets_no_guess(opened):
    with pytest.raises(InputError) as caught:
        opened("phone,name\n+1,Ann\n", phone_columns=("zzz",))
    assert "did you mean" not in caught.value.message


def test_a_thousand_columns_make_no_endless_message(opened):
    with pytest.raises(InputError, match="and 980 more"):
        opened(",".join(f"c{n}" for n in range(1000)))
