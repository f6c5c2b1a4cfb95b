"""A suite that can't fail proves nothing: the named tests find every planted bug."""

import pytest

from tests.faults.planted import BUGS, hunt


@pytest.mark.parametrize("planted", BUGS, ids=[planted.bug.replace(" ", "-") for planted in BUGS])
def test_a_planted_bug_is_found(planted):
    caught = hunt(planted)
    assert caught.by, caught.output
