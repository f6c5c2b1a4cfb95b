"""A do-not-call file that changes while a run waits is read again before the next opening."""

from functools import partial

from tests.dialing.test_screening import PEOPLE, hours
from xuna_cli.commands.calling.suppression_list import read_numbers
from xuna_cli.errors import UnreachableError
from xuna_cli.ledger.do_not_call import add
from xuna_cli.screening.do_not_call import DoNotCall, ListFile, NumberList, Numbers, OptOutsUnknown
from xuna_cli.screening.order import Screening


def waiting(way, path, change):
    file = ListFile(partial(read_numbers, path, region=None), path.read_bytes)
    screening = Screening(do_not_call=DoNotCall((file,)), hours=hours("09:00-14:00"))
    told = []
    report = way.dial(PEOPLE[:2], screening, wait=True, on_waiting=lambda *_: change(), on_lists=told.extend)
    return report, told


def test_who_is_added_to_the_file_is_not_called(way, tmp_path):
    path = tmp_path / "stop.txt"
    path.write_text("+13035550199\n")
    report, told = waiting(way, path, lambda: path.write_text(f"+13035550199\n{PEOPLE[0]}\n"))
    assert report.counts["do_not_call"] == 1
    assert way.called == [PEOPLE[1]]
    assert [len(one.numbers) for one in told] == [2]


def test_a_file_that_can_not_be_read_any_more_ends_the_run(way, tmp_path):
    path = tmp_path / "stop.txt"
    path.write_text("+13035550199\n")
    report, _ = waiting(way, path, lambda: path.write_text("nobody\n"))
    assert way.called == []
    assert [error.code for error in report.errors] == ["do-not-call-row"]


def test_opt_outs_that_came_while_the_run_waited_are_known_before_it_calls_on(way):
    """Who may have opted out is not called either."""
    doubtful = []
    screening = Screening(hours=hours("09:00-14:00"), opt_outs_unknown=OptOutsUnknown(doubtful))

    def look_back():
        assert way.called == []
        with way.ledger() as ledger:
            add(ledger, [PEOPLE[0]], "conv_1")
        doubtful.append(NumberList("spring", Numbers([PEOPLE[1]])))

    report = way.dial(PEOPLE[:3], screening, wait=True, look_back=look_back)
    assert report.reasons == {"do-not-call": 1, "opt-outs-unknown": 1}
    assert way.called == [PEOPLE[2]]


def test_a_run_that_waits_ends_if_opt_outs_can_not_be_known(way):
    def look_back():
        raise UnreachableError("nobody else is called", code="opt-outs-unchecked")

    report = way.dial(PEOPLE[:2], Screening(hours=hours("09:00-14:00")), wait=True, look_back=look_back)
    assert way.called == []
    assert (report.counts["deferred"], [error.code for error in report.errors]) == (2, ["opt-outs-unchecked"])
