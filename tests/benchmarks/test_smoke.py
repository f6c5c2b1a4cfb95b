"""Each benchmark at a small size: it runs, and its counts are right. Times are not checked."""

import json
from collections import Counter

import phonenumbers
import pytest

from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.lists import BAD_EVERY, KINDS, callable_in, contacts, write
from tests.benchmarks.results import Row
from tests.benchmarks.stage import PunctualServer, Stage
from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_and_what_was_counted_is_right(name, tmp_path):
    # The benchmarks compare the counts of each run with the server's, and raise an error if they differ.
    rows = list(BENCHMARKS[name](Stage(tmp_path, size=600, long=1, short=1)))
    assert rows
    assert all(row.skipped or row.figure is not None for row in rows)


def test_a_server_that_does_not_start_ends_the_benchmarks_with_what_to_do():
    with pytest.raises(SystemExit, match=r"Install xuna with '\.\[test\]'"), PunctualServer("slow"):
        pass


def test_the_results_can_be_had_as_json(tmp_path, capsys):
    file = tmp_path / "results.json"
    main(["--only", "first-post", "--size", "20", "--long", "1", "--short", "1", "--json", str(file)])
    document = json.loads(file.read_text())
    assert document["machine"]["processors"] > 0
    assert [row["name"] for row in document["rows"]] == ["first-post"]
    assert "| first-post |" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_is_read_as_it_was_meant(kind, tmp_path):
    write(kind, 100, tmp_path / kind)
    with open_list(tmp_path / kind, ListOptions(), name=kind) as rows:
        assert [contact.fields["order_id"] for contact in rows] == [
            contact["order_id"] for contact in contacts(100, national=kind.startswith("national"))
        ]


def test_the_numbers_of_a_list_are_valid_and_none_is_there_twice():
    numbers = Counter(contact["phone"] for contact in contacts(5_000))
    assert set(numbers.values()) == {1}
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers)


def test_one_row_in_fifty_of_a_messy_list_can_not_be_called():
    assert callable_in("national.csv", 2 * BAD_EVERY) == 2 * BAD_EVERY - 2
    assert callable_in("e164.csv", 2 * BAD_EVERY) == 2 * BAD_EVERY


@pytest.mark.parametrize(
    ("figure", "goal", "at_least", "verdict"),
    [
        (1, 1, False, "reached"),
        (1.1, 1, False, "missed"),
        (0.9, 1, True, "missed"),
        (1, None, False, ""),
        (None, 1, False, "skipped"),
    ],
)
def test_a_verdict_is_about_the_goal(figure, goal, at_least, verdict):
    assert Row("a", "b", figure, goal, at_least=at_least).verdict == verdict
