"""Errors of the operating system are told in plain words."""

import errno
import os

import pytest

from xuna_cli.errors import reason_of


@pytest.mark.parametrize(
    ("number", "writing", "words"),
    [
        (errno.ENOENT, False, "it does not exist"),
        (errno.ENOENT, True, "its folder does not exist"),
        (errno.ENOSPC, True, "the disk is full"),
        (errno.EACCES, False, "permission denied"),
        (errno.EIO, False, "input/output error"),
    ],
)
def test_the_reason_is_a_phrase(number, writing, words):
    assert reason_of(OSError(number, os.strerror(number)), writing=writing) == words


def test_an_error_without_number_and_words_has_its_kind():
    assert reason_of(BlockingIOError()) == "BlockingIOError"
