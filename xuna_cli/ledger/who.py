"""The user of the operating system and the machine."""

import os
import pwd


def user_name() -> str:
    """Return the name of this process's user, or the user's number if there is no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def host_name() -> str:
    """Return the name of this machine. The module `socket`, which has it too, takes longer to import."""
    return os.uname().nodename


def user_at_host() -> str:
    """Return user and machine, e.g. `ann@calls-1`."""
    return f"{user_name()}@{host_name()}"
