"""The key, taken out of whatever a server says: some quote it, and its words are printed and kept."""

import base64
import dataclasses
import html
import re
from functools import cached_property

from xuna_cli.api.outcomes import Outcome, Refused, Taken, Unknown

SHORTEST_REAL_KEY = 12  # characters; a shorter one (the sandbox's) is a word that may stand anywhere


class KeyRedactor:
    """Takes a key out of texts, in every form in which a server may quote it.

    Args:
        api_key: the key.
    """

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return _pattern_of(self._api_key)

    def redact(self, text: str) -> str:
        """Return a text without it."""
        return self._pattern.sub("[the key]", text) if self._pattern else text

    def redact_body(self, body: bytes) -> bytes:
        """Return an answer without it, before the words are cut to a length, which would leave the half of it."""
        return self.redact(body.decode("latin-1")).encode("latin-1")

    def redact_outcome(self, outcome: Outcome) -> Outcome:
        """Return what was decoded without it: JSON has more ways to write it than bytes can be searched for."""
        match outcome:
            case Taken():
                return dataclasses.replace(outcome, batch_id=self.redact(outcome.batch_id))
            case Refused():
                offending = {call: self.redact(words) for call, words in outcome.offending.items()}
                return dataclasses.replace(outcome, message=self.redact(outcome.message), offending=offending)
            case Unknown():
                return dataclasses.replace(outcome, message=self.redact(outcome.message))
            case _:
                return outcome  # nothing was answered


def _pattern_of(api_key: str) -> re.Pattern[str] | None:
    """Return what finds the key as a server may quote it.

    As it is, or with any of its characters escaped for JSON (once or more), a URL or HTML; or in base64.
    """
    if len(api_key) < SHORTEST_REAL_KEY:
        return None
    encoded = base64.b64encode(api_key.encode()).decode().rstrip("=")
    return re.compile(f"{''.join(map(_any_form, api_key))}|{re.escape(encoded)}={{0,2}}")


def _any_form(character: str) -> str:
    """Return a pattern for one character; its repetitions have bounds, for the bodies of a hostile server."""
    code = ord(character)
    slashes = r"\\{0,16}+"
    plain = re.escape(character) if character.isalnum() else slashes + re.escape(character.strip("\\"))
    named = re.escape(html.escape(character))
    return rf"(?:{plain}|{named}|(?i:{slashes}u{code:04x}|%(?:25){{0,3}}{code:02x}|&#0*+{code};|&#x0*+{code:x};))"
