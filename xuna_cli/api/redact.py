"""Remove the key from the server's answers: some quote it, and answers are printed and stored."""

import base64
import dataclasses
import re
from functools import cached_property

from xuna_cli.api.outcomes import Outcome, Refused, Taken, Unknown

SHORTEST_REAL_KEY = 12  # characters; a shorter key (the sandbox's) is a word that may occur in any text


class KeyRedactor:
    """Removes a key from texts, in every form in which a server may quote it.

    Args:
        api_key: the key.
    """

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return _pattern_of(self._api_key)

    def redact(self, text: str) -> str:
        """Return the text without the key."""
        return self._pattern.sub("[the key]", text) if self._pattern else text

    def redact_body(self, body: bytes) -> bytes:
        """Return an answer without the key, before texts are shortened and may contain half of it."""
        return self.redact(body.decode("latin-1")).encode("latin-1")

    def redact_outcome(self, outcome: Outcome) -> Outcome:
        """Remove the key again after decoding: JSON has more ways to write it than `redact_body` can find."""
        match outcome:
            case Taken():
                return dataclasses.replace(outcome, batch_id=self.redact(outcome.batch_id))
            case Refused():
                offending = {call: self.redact(words) for call, words in outcome.offending.items()}
                return dataclasses.replace(outcome, message=self.redact(outcome.message), offending=offending)
            case Unknown():
                return dataclasses.replace(outcome, message=self.redact(outcome.message))
            case _:
                return outcome  # there was no answer


def _pattern_of(api_key: str) -> re.Pattern[str] | None:
    """Return a pattern that finds the key as a server may quote it.

    The forms: unchanged; with characters escaped for JSON (once or more), a URL or HTML; base64.
    """
    if len(api_key) < SHORTEST_REAL_KEY:
        return None
    encoded = base64.b64encode(api_key.encode()).decode().rstrip("=")
    return re.compile(f"{''.join(map(_any_form, api_key))}|{re.escape(encoded)}={{0,2}}")


_NAMED_IN_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}


def _any_form(character: str) -> str:
    """Return a pattern for one character; repetitions are limited, because a server may be hostile."""
    code = ord(character)
    slashes = r"\\{0,16}+"
    plain = re.escape(character) if character.isalnum() else slashes + re.escape(character.strip("\\"))
    named = re.escape(_NAMED_IN_HTML.get(character, character))
    return rf"(?:{plain}|{named}|(?i:{slashes}u{code:04x}|%(?:25){{0,3}}{code:02x}|&#0*+{code};|&#x0*+{code:x};))"
