"""The command line against a sandbox on a real socket."""

import csv

import pytest

from tests.support.cli import cli, xuna
from tests.support.way import server
from xuna_cli.sandbox.server import SandboxServer

__all__ = ["cli", "server", "xuna"]


@pytest.fixture
def api(monkeypatch):
    """A sandbox, with the environment pointing to it as to the real API."""
    with SandboxServer() as server:
        monkeypatch.setenv("XUNA_BASE_URL", server.base_url)
        monkeypatch.setenv("XUNA_AI_API_KEY", "sandbox")
        monkeypatch.setenv("XUNA_AGENT_ID", "agent_sandbox")
        monkeypatch.setenv("XUNA_FROM_PHONE_NUMBER_ID", "pn_sandbox")
        yield server


@pytest.fixture
def people(tmp_path):
    """`people(3)` writes a list of three; `people(rows=[…])` these rows under phone, name."""

    def write(count=0, *, rows=None, name="people.csv", first=0, header=("phone", "name")):
        path = tmp_path / name
        rows = rows or [(number(first + index), f"Person {first + index}") for index in range(count)]
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


def number(index):
    """The index-th number of a fictional exchange."""
    return f"+1555{1000000 + index}"
