"""`xuna init campaign`: write a commented campaign file for a list."""

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from xuna_cli.commands.calling.list_plan import phones_of
from xuna_cli.contacts.columns import listed, phone_columns
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.contacts.options import HiddenRows, ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.errors import UsageError
from xuna_cli.folding import fold
from xuna_cli.output.files import create_private
from xuna_cli.output.messages import say
from xuna_cli.phone.place_columns import zone_columns
from xuna_cli.screening.marks import do_not_call_columns
from xuna_cli.targets.call_window import AFTER, BEFORE, columns_named
from xuna_cli.targets.names import as_placeholder

NAMES = ("first name", "given name", "name", "full name", "customer", "customer name", "contact name")
"""Columns with the name of a person, the best one first."""

COLUMNS_NAMED = 30
FEWEST_DIGITS = 7  # of a phone number


def init_campaign(contacts: Path, to: Path | None) -> None:
    """Write a campaign file for a list.

    Args:
        contacts: the list.
        to: the file (default: named like the list, in the current folder).

    Raises:
        InputError: the list can't be read, or the file can't be written.
        UsageError: the file exists.
    """
    path = to or Path(contacts.stem + ".toml")
    if os.path.lexists(path):
        raise UsageError(
            f"{path} exists already and was not changed",
            hint="name another file with --to",
            code="campaign-file-exists",
        )
    options = ListOptions(hidden_rows=HiddenRows.CALL, first_phone_column=True)
    with open_list(contacts, options, name=str(contacts)) as opened:
        text = "\n".join(_lines(opened, _seen_from(contacts, path.parent), path)) + "\n"
        national = _first_national(opened)
    create_private(path, text)
    file = shlex.quote(str(path))
    if national is not None:
        say(
            f"The list has numbers without +, e.g. in row {national}. Their rows are rejected unless you set "
            f"region in {path}."
        )
    say(
        f"{path} was written. Change the message and the rules in it, then check it and rehearse. Nobody is called:\n"
        f"  xuna run {file} --check\n  xuna run {file} --dry-run\n  xuna run {file} --sandbox --fast-forward"
    )


def _seen_from(contacts: Path, folder: Path) -> str:
    """Return the path of the list relative to a folder, if the list is below it."""
    there, here = contacts.absolute(), folder.absolute()
    return str(there.relative_to(here) if there.is_relative_to(here) else there)


def _lines(contacts: ContactList, path: str, to: Path) -> Iterator[str]:
    yield "# A campaign of xuna. All keys are explained in: xuna help campaign-file"
    yield f"# To run what is due, again and again: xuna run {_comment(shlex.quote(to.name))}"
    yield ""
    yield f"# The list. Its columns: {_comment(listed(contacts.columns[:COLUMNS_NAMED]))}"
    yield f"contacts = {_toml(path)}"
    yield from _of_phones(contacts)
    yield ""
    yield from _of_message(contacts)
    yield ""
    yield "# Who calls. To see the choices: xuna agents list, xuna phone-numbers list"
    yield '# agent-id = "agent_…"'
    yield '# from-phone-number-id = "…"'
    yield ""
    yield "# When people are called, in their own time"
    yield 'hours = "09:00-18:00"'
    yield '# days = "mon-fri"'
    yield "# not-on = [2030-12-25, 2030-12-26]"
    if zones := zone_columns(contacts.columns):
        yield f"# timezone-column = {_toml(zones[0])}  # found by its name"
    for name in (AFTER, BEFORE):
        for column in columns_named(name, contacts.columns)[:1]:
            yield f"# {name.replace('_', '-')}-column = {_toml(column)}  # found by its name"
    yield '# default-timezone = "America/New_York"  # for numbers that tell no time zone'
    yield ""
    yield "# Who is not called"
    if marks := do_not_call_columns(contacts.columns):
        yield f"# do-not-call-column = [{', '.join(map(_toml, marks))}]  # found by its name"
    yield '# do-not-call = ["do-not-call.csv"]'
    yield '# country = ["US", "CA"]'
    yield "# max-calls = 500        # call nobody if a run would call more people"
    yield ""
    yield "# How often a person is called: see xuna help attempts"
    yield "# attempts = 3"
    yield '# again-after = ["4h", "1d"]'
    yield '# again = ["no-conversation"]'
    yield ""
    yield "# A few people first, and an end by successes: see xuna help canary"
    yield "# canary = 20"
    yield '# min-success = "30%"'
    yield "# stop-after = 100"
    yield ""
    yield "# Who opts out in a conversation: a field that your agent collects, and its value"
    yield '# opt-out-when = ["opt_out=true"]'
    yield ""
    yield "# What is written"
    yield f"report = {_toml(to.stem + '.html')}"
    yield f"# rejects = {_toml(to.stem + '-rejects.csv')}"
    yield f"# log = {_toml(to.stem + '.jsonl')}"


def _of_phones(contacts: ContactList) -> Iterator[str]:
    phones = phones_of(contacts, None)
    if phones.columns:
        yield f"phone-column = [{', '.join(map(_toml, phones.columns))}]"
    if others := [column for column in phone_columns(contacts.columns) if column not in phones.columns]:
        yield f"# Other columns with numbers: {_comment(listed(others))}"
    if phones.regions:
        yield f"# region-column = {_toml(phones.regions[0])}  # found by its name: country of numbers that have no +"
    if _first_national(contacts) is not None:
        yield "# The list has numbers without +. Their rows are rejected unless you set their country:"
    yield '# region = "US"          # country of numbers that have no +'


def _first_national(contacts: ContactList) -> int | None:
    """Return the first of the first rows that has a number without a country code; None with a column of countries."""
    phones = phones_of(contacts, None)
    if phones.regions:
        return None
    for contact in contacts.first_rows:
        for column in phones.columns:
            cell = str(contact.fields.get(column) or "").strip()
            if sum(one.isdigit() for one in cell) >= FEWEST_DIGITS and not cell.startswith(("+", "00")):
                return contact.row_number
    return None


def _of_message(contacts: ContactList) -> Iterator[str]:
    yield "# The first message of the agent. What stands in {{ }} is the person's cell of that column"
    if any(fold(column).startswith(("firstmessage", "override")) for column in contacts.columns):
        yield "# The list has messages of its own"
        return
    column = _name_column(contacts)
    whom = f" {as_placeholder(column)}" if column else ""
    yield f"first-message = {_toml(f'Hi{whom}, this is a follow-up call.')}"


def _name_column(contacts: ContactList) -> str | None:
    by_name = {fold(column): column for column in contacts.columns}
    return next((by_name[name] for name in map(fold, NAMES) if name in by_name), None)


def _toml(text: str) -> str:
    """Return text as a TOML string."""
    if "'" not in text and text.isprintable():
        return f'"{text}"' if '"' not in text and "\\" not in text else f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """Return text that does not end the line of a comment."""
    return "".join(one if one.isprintable() else "·" for one in text)
