"""Scripts that call a list with the SDKs of other voice-agent services, following their documentation.

    python tests/benchmarks/vendor_scripts.py elevenlabs|retell|vapi LIST BASE_URL

Each script reads the same CSV list, checks each number, gives each person a first message, and sends batches of 100.
None has a record of who was called. `pip install '.[bench]'` installs the SDKs.

Calls are built from the types that each SDK's methods ask for: models of ElevenLabs and Vapi, dictionaries of Retell.
The first message is an override of the agent's, as in xuna. Retell's guide to batch calls has dynamic variables
instead, so there it is one, which also costs less.
"""

import csv
import sys

import phonenumbers

BATCH = 100
MESSAGE = "Hi {first_name}, this is {company} about your order {order_id}. Is now a good time?"


def people(path):
    """Yield number and message for each row that can be called."""
    with open(path, newline="", encoding="utf-8") as file:  # noqa: PTH123 - as most people write it
        for row in csv.DictReader(file):
            try:
                number = phonenumbers.parse(row["phone"], None)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_possible_number(number):
                e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                yield e164, MESSAGE.format(**row)


def elevenlabs(base_url):
    """Return functions that make a call and send calls with ElevenLabs' SDK."""
    from elevenlabs import (
        ConversationConfigClientOverrideInput,
        ConversationInitiationClientDataRequestInput,
        OutboundCallRecipient,
    )
    from elevenlabs.client import ElevenLabs
    from elevenlabs.types import AgentConfigOverrideInput

    client = ElevenLabs(api_key="benchmark", base_url=base_url)

    def call(number, message):
        agent = AgentConfigOverrideInput(first_message=message)
        override = ConversationConfigClientOverrideInput(agent=agent)
        return OutboundCallRecipient(
            phone_number=number,
            conversation_initiation_client_data=ConversationInitiationClientDataRequestInput(
                conversation_config_override=override
            ),
        )

    def send(calls):
        answer = client.conversational_ai.batch_calls.create(
            call_name="benchmark", agent_id="agent", agent_phone_number_id="pn", recipients=calls
        )
        return answer.total_calls_scheduled

    return call, send


def retell(base_url):
    """Return functions that make a call and send calls with Retell's SDK."""
    from retell import Retell

    client = Retell(api_key="benchmark", base_url=base_url)

    def call(number, message):
        return {"to_number": number, "retell_llm_dynamic_variables": {"first_message": message}}

    def send(calls):
        answer = client.batch_call.create_batch_call(from_number="+14155550100", tasks=calls)
        return int(answer.total_task_count)

    return call, send


def vapi(base_url):
    """Return functions that make a call and send calls with Vapi's SDK.

    Vapi's guide has one request for each person with a message of their own. The SDK's types have such messages in a
    batch, too, which costs less.
    """
    from vapi import AssistantOverrides, CreateCustomerDto, Vapi

    client = Vapi(token="benchmark", base_url=base_url)

    def call(number, message):
        return CreateCustomerDto(number=number, assistant_overrides=AssistantOverrides(first_message=message))

    def send(calls):
        answer = client.calls.create(assistant_id="agent", phone_number_id="pn", customers=calls)
        return len(answer.results)

    return call, send


def main(sdk, path, base_url):
    """Call everybody on a list."""
    call, send = {"elevenlabs": elevenlabs, "retell": retell, "vapi": vapi}[sdk](base_url)
    called, calls = 0, []
    for number, message in people(path):
        calls.append(call(number, message))
        if len(calls) == BATCH:
            called += send(calls)
            calls = []
    if calls:
        called += send(calls)
    print(called)


if __name__ == "__main__":
    main(*sys.argv[1:])
