"""Who works with the ledger: the user of the operating system, and the machine."""

import os
import pwd
import socket


def user_name() -> str:
    """Return the name of the user whom this process works for; the number of a user who has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def user_at_host() -> str:
    """Return user and machine, as in `ann@calls-1`."""
    return f"{user_name()}@{socket.gethostname()}"
