"""The report about a campaign, from a ledger with all kinds of contents."""

import random
import re
import shlex
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.conversations import Link, store, store_sync
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState, CallKey, ConversationSync, RunDescription
from xuna_cli.ledger.runs import store_counts
from xuna_cli.models import CallTarget, Conversation, Evaluation
from xuna_cli.outcomes.report_data import report_data
from xuna_cli.output.html_report import masked, render

pytestmark = pytest.mark.usefixtures("unsynced")

BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"'{{ 7*191 }}\x1b[31m&"


def build(
    path,
    *,
    name="Winter check-up",
    people=1200,
    hours=9,
    per_batch=25,
    rationale="because",
    criterion="goal_reached",
):
    """Make a ledger with a campaign of accepted, unknown and short batches, and their outcomes."""
    now = [BEGIN]
    ledger = open_ledger(path, now=lambda: now[0])
    description = RunDescription(
        campaign=name, named_by_default=False, key_column=None, api_origin="https://api.xuna.ai", source_path="/home/ann/lists/winter.csv",
        agent_id="agent_1", from_phone_number_id="pn_1", template="Hi", deadline=60,
    )  # fmt: skip
    run = ledger.start_run(description)
    drawn = random.Random(7)
    links = []
    count = people // per_batch
    for number in range(count):
        now[0] = BEGIN + timedelta(hours=hours) * (number / count) ** 1.3
        keys = [f"+1555{2000000 + number * per_batch + n}" for n in range(per_batch)]
        targets = [CallTarget(number * per_batch + n + 2, key, key) for n, key in enumerate(keys)]
        [batch] = ledger.claim(run, [targets])
        ledger.submit(batch)
        kind = {5: BatchState.UNKNOWN, 11: BatchState.SHORT, 17: BatchState.UNKNOWN}.get(
            number, BatchState.ACCEPTED
        )
        ledger.record(
            batch, kind,
            batch_id=None if kind is BatchState.UNKNOWN else f"batch_{number:08x}",
            calls_initiated=None if kind is BatchState.UNKNOWN else per_batch - 2 * (kind is BatchState.SHORT),
            http_status=None if kind is BatchState.UNKNOWN else 200,
            error="no complete answer within 180 s" if kind is BatchState.UNKNOWN else None,
        )  # fmt: skip
        for key in keys:
            if drawn.random() < 0.86 and number != 17:
                result = drawn.choices(["success", "failure", "unknown"], weights=(6, 3, 1))[0]
                talk = Conversation(
                    f"conv_{key}", started_at=now[0].timestamp() + 60, duration=drawn.lognormvariate(4.3, 0.8), status="done",
                    evaluation={criterion: Evaluation(result, rationale), "polite": Evaluation("success", ""), "identity confirmed": Evaluation(drawn.choice(["success", "success", "failure"]), "")},
                    collected={"wants_callback": drawn.random() < 0.2, "city": "Bonn"},
                )  # fmt: skip
                links.append(Link(talk, [CallKey(key)], "held" if kind is BatchState.UNKNOWN else "batch"))
    ledger.end_run(run)
    store_counts(
        ledger, run.id,
        {"rows": people + 61, "list_complete": 1, "rejected": 48, "duplicates": 13, "accepted": people, "rejected:phone-missing": 21, "rejected:phone-not-possible": 14, "rejected:phone-letters": 9, "rejected:api-refused": 4},
    )  # fmt: skip
    found = campaign(ledger, name)
    store(ledger, found.id, links)
    now[0] = BEGIN + timedelta(hours=hours + 2)
    store_sync(
        ledger,
        found.id,
        ConversationSync(ledger.timestamp(), None, len(links) + 40, len(links), 37, 3, {"no-number": 3}),
    )
    return ledger, found


def page_of(tmp_path, *, with_people=False, zone=UTC, **options):
    ledger, found = build(tmp_path / "ledger.db", **options)
    try:
        seen = report_data(ledger, found, now=BEGIN + timedelta(hours=12), zone=zone)
    finally:
        ledger.close()
    return render(seen, with_people=with_people, address=shlex.quote(found.name)), seen


class Page(HTMLParser):
    """Parses a page, and fails on unclosed elements."""

    VOID = ("meta", "br")

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self._open = [], [], [], []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_loads_nothing_and_runs_nothing(tmp_path):
    html, _ = page_of(tmp_path)
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(page.tags)
    assert not [
        one for one in page.attributes if one[1] in {"src", "href", "action"} or one[1].startswith("on")
    ]
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


def test_every_number_on_the_page_is_the_ledgers(tmp_path):
    html, seen = page_of(tmp_path)
    assert seen.called == 1125
    assert sum(seen.outcomes.values()) == 1125
    assert sum(slot.calls for slot in seen.slots) == 1125
    assert sum(count for _, count in seen.durations) >= seen.conversed
    for number in ("1,261", "1,125", f"{seen.conversed:,}"):
        assert number in html
    assert "no phone number" in html
    assert "refused by the API" in html
    assert "not counted: 3." in html


def test_nobody_can_be_told_from_the_page_unless_people_are_asked_for(tmp_path):
    html, _ = page_of(tmp_path, rationale="Ann from Bonn said yes")
    assert not re.search(r"\+1555\d{4,}", html)
    assert "Ann from Bonn" not in html
    assert "/home/ann" not in html
    assert "winter.csv" in html


def test_people_are_there_when_they_are_asked_for(tmp_path):
    html, _ = page_of(tmp_path, with_people=True, rationale="Ann from Bonn said yes")
    assert len(re.findall(r"\+1555\d{7}", html)) == 500
    assert "Ann from Bonn" in html
    assert "The first 500 of 1,125" in html


def test_what_contacts_and_servers_say_is_data_on_the_page(tmp_path):
    html, _ = page_of(
        tmp_path,
        name=HOSTILE.replace("\x1b", ""),
        rationale=HOSTILE,
        criterion=HOSTILE,
        with_people=True,
        people=100,
    )
    page = Page(html)
    assert "script" not in page.tags
    assert "1337" not in [text.strip() for text in page.text]
    assert "\x1b" not in html
    assert any("<script>alert(1)</script>" in text for text in page.text)


def test_held_batches_say_what_is_proven_and_what_to_type(tmp_path):
    html, seen = page_of(tmp_path)
    page = Page(html)
    text = " ".join(" ".join(page.text).split())
    proven = seen.held[0]
    assert proven.found > 0
    assert f"The conversation records have {proven.found} of the 25 calls." in text
    assert f"xuna campaigns resolve 'Winter check-up' {proven.batch.id} --placed" in text
    assert "It is unknown whether the batch was placed" in text
    assert "The API queued 23 of the calls" in text


def test_pictures_have_text_beside_them(tmp_path):
    html, _ = page_of(tmp_path)
    for svg in re.findall(r"<svg[^>]*>", html):
        assert 'aria-hidden="true"' in svg or ('role="img"' in svg and "aria-label=" in svg)
    assert re.search(r'<html lang="en">', html)
    assert html.count("<h1>") == 1
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


@pytest.mark.parametrize(
    ("hours", "slot"), [(9, "hour"), (71, "hour"), (80, "day"), (24 * 119, "day"), (24 * 400, "30 days")]
)
def test_a_long_campaign_is_drawn_in_longer_slots(tmp_path, hours, slot):
    _, seen = page_of(tmp_path, hours=hours)
    assert seen.slot == slot
    assert len(seen.slots) <= 121
    assert sum(one.calls for one in seen.slots) == seen.called


def test_a_campaign_without_anything_has_a_page(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.db")
    description = RunDescription("empty", False, None, "sandbox", None, "a", "p", None, 60)
    ledger.end_run(ledger.start_run(description))
    seen = report_data(ledger, campaign(ledger, "empty"), now=datetime.now(UTC))
    ledger.close()
    html = render(seen, with_people=False, address="empty --sandbox")
    Page(html)
    assert "were not read yet" in html
    assert "rehearsal" in html


@pytest.mark.parametrize("number", ["+15552000001", "+4915112345678", "+12", "+1", ""])
def test_a_masked_number_shows_too_little_to_call(number):
    shown = re.sub(r"[^0-9]", "", masked(number))
    assert len(shown) <= len(number) // 2
