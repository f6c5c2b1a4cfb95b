"""The request body of a batch."""

import json
from collections.abc import Iterable


def encode_batch(agent_id: str, from_phone_number_id: str, calls: Iterable[tuple[str, str | None]]) -> bytes:
    """Encode the request body of a batch.

    Args:
        agent_id: ID of the agent.
        from_phone_number_id: ID of the caller number.
        calls: for each call, the E.164 number and the `conversation_config_override` as JSON (None for no override).
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
