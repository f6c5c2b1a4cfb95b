"""What is on disk before the first byte of a POST: the system calls of a run are traced."""

import re
import shutil
import sys

import pytest

STRACE = shutil.which("strace")
CALLS = "openat,pwrite64,write,fsync,fdatasync,unlink,sendto,sendmsg"
LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<arguments>.*)")

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or STRACE is None,
    reason="needs Linux and strace (apt-get install strace)",
)


def unsynced(trace, ledger):
    """Return what was not on disk when a POST started, for each POST of a trace.

    With one sender, the sending thread commits `submitting` itself right before the POST, so its calls in their order
    are the proof. (Several senders share commits; the ledger's tests check that each waits for its own.)
    """
    journal, folder = f"{ledger}-journal", str(ledger.parent)
    states = {}
    posts = []
    for line in trace.read_text().splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        call, arguments = match["call"], match["arguments"]
        state = states.setdefault(match["thread"], {"ledger": None, "folder": None})
        if call == "pwrite64" and f"<{ledger}>" in arguments:
            state["ledger"] = "written, not synced"
        elif call == "unlink" and f'"{journal}"' in arguments:
            state["folder"] = "journal unlinked, not synced"
        elif call in {"fsync", "fdatasync"} and f"<{ledger}>" in arguments:
            state["ledger"] = "synced" if state["ledger"] else None
        elif call in {"fsync", "fdatasync"} and f"<{folder}>" in arguments:
            state["folder"] = "synced" if state["folder"] else None
        elif call in {"sendto", "sendmsg"} and '"POST ' in arguments:
            posts.append({name: how for name, how in state.items() if how != "synced"})
            state.update(ledger=None, folder=None)
    return posts


def traced(rig, **plan):
    trace = rig.folder / "trace"
    wrap = (STRACE, "-f", "-y", "-s", "64", "-o", str(trace), "-e", f"trace={CALLS}")
    rig.call("--concurrency", 1, wrap=wrap, plan=plan or None, exits=3)
    posts = unsynced(trace, rig.ledger)
    assert len(posts) == 4
    return posts


def test_the_intent_is_on_the_disk_before_the_first_byte_of_each_post(rig):
    assert traced(rig) == [{}] * 4


@pytest.mark.parametrize(
    ("synchronous", "missing"),
    [
        ("FULL", {"folder": "journal unlinked, not synced"}),
        ("OFF", {"ledger": "written, not synced", "folder": "journal unlinked, not synced"}),
    ],
)
def test_this_check_finds_a_weaker_mode(rig, synchronous, missing):
    assert traced(rig, synchronous=synchronous) == [missing] * 4
