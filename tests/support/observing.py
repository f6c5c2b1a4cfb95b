"""An observer made of functions, and a helper to post a batch."""

from xuna_cli.api.outcomes import NotSent
from xuna_cli.dialing.observer import RunObserver


class Told(RunObserver):
    """Passes each event to the function with its name, e.g. `Told(batch=records.append)`."""

    def __init__(self, **functions) -> None:
        for name, function in functions.items():
            assert callable(getattr(RunObserver, name))
            setattr(self, name, function)


def place_calls(client, body=b"{}", *, calls=1, idempotency_key="k", before_sending=lambda: None):
    """Connect and POST a batch; return what is proven about it."""
    connection = client.connect()
    if isinstance(connection, NotSent):
        return connection
    with connection:
        before_sending()
        return connection.post(body, calls=calls, idempotency_key=idempotency_key)
