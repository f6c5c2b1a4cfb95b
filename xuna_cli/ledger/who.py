"""The user of the operating system and the machine."""

import os
import pwd
import socket


def user_name() -> str:
    """Return the name of this process's user, or the user's number if there is no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def user_at_host() -> str:
    """Return user and machine, e.g. `ann@calls-1`."""
    return f"{user_name()}@{socket.gethostname()}"
