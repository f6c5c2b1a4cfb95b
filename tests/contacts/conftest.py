from contextlib import ExitStack

import pytest

from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list


@pytest.fixture
def opened(tmp_path):
    """Write a file and open it as a list: `opened("phone\\n+1", name="a.csv", encoding=…)`."""
    with ExitStack() as stack:

        def opened(content, name="contacts.csv", **options):
            path = tmp_path / name
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            return stack.enter_context(open_list(path, ListOptions(**options), name=name))

        yield opened


@pytest.fixture
def read(opened):
    """Write a file and read it as a list to its end."""
    return lambda *args, **options: list(opened(*args, **options))
