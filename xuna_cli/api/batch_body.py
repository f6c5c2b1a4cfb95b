"""The request body of a batch."""

import json
from collections.abc import Iterable


def encode_batch(agent_id: str, from_phone_number_id: str, calls: Iterable[tuple[str, str | None]]) -> bytes:
    """Return the request body for a batch.

    Args:
        agent_id: the agent.
        from_phone_number_id: the caller number.
        calls: E.164 number and `conversation_config_override`, as JSON (None: none is sent), of each call.
    """
    head = json.dumps(
        {"agent_id": agent_id, "from_phone_number_id": from_phone_number_id}, separators=(",", ":")
    )
    targets = ",".join(
        [
            f'{{"to_phone_number":"{number}"}}'
            if override is None
            else f'{{"to_phone_number":"{number}","conversation_config_override":{override}}}'
            for number, override in calls
        ]
    )
    return f'{head[:-1]},"calls":[{targets}]}}'.encode()
