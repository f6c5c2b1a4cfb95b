"""Values of a field that mean an opt-out: all that are not clearly none."""

import pytest

from xuna_cli.errors import UsageError
from xuna_cli.outcomes.opt_outs import OptOutRule, parse_rules

NOTHING = [None, "", "  "]
NO = [False, 0, 0.0, "no", "No.", "FALSE", "nein", "0", "いいえ"]
YES = [True, 1, "yes", "Yes.", "TRUE", "ja", "sí"]
UNCLEAR = ["maybe", "unclear", "no?", "yes?", "not now", "2026-11-03", 2, -1, [], {}, ["no"], {"x": False}]


@pytest.mark.parametrize("wanted", ["true", "yes", "1", "ja", "success"])
def test_a_rule_with_a_yes_takes_everything_but_a_clear_no(wanted):
    rule = OptOutRule("opt_out", wanted)
    assert [value for value in YES + UNCLEAR if not rule.is_met(value)] == []
    assert [value for value in NOTHING + NO if rule.is_met(value)] == []


@pytest.mark.parametrize("wanted", ["false", "no", "0", "nein", "failure"])
def test_a_rule_with_a_no_takes_everything_but_a_clear_yes(wanted):
    rule = OptOutRule("may_call_again", wanted)
    assert [value for value in NO + UNCLEAR if not rule.is_met(value)] == []
    assert [value for value in NOTHING + YES if rule.is_met(value)] == []


def test_a_rule_with_other_words_takes_texts_with_them_and_what_is_no_text():
    rule = OptOutRule("wish", "do_not_call")
    for value in ("do_not_call", "Do not call", "please DO-NOT-CALL me", True, 7, ["interested"]):
        assert rule.is_met(value), value
    for value in (*NOTHING, *NO, "interested", "call again"):
        assert not rule.is_met(value), value


def test_rules_are_read_with_spaces_and_each_once():
    assert [str(rule) for rule in parse_rules([" a = yes ", "b=x=y", "a=yes"])] == ["a=yes", "b=x=y"]


@pytest.mark.parametrize("text", ["", "opt_out", "=true", "opt_out=", "opt_out= ", "opt_out=?"])
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(UsageError, match="FIELD=VALUE"):
        parse_rules([text])
