"""The alternative to xuna: a script with the API, as most people would write it.

    python tests/benchmarks/baseline.py LIST BASE_URL [possible|valid] [REGION] [BATCH]

Judge for yourself whether it is fair. It keeps its connection, it checks numbers as the library's own README shows,
and does the minimum to call a list of people. It lacks what `xuna` adds: a record of who was called, retries, limits,
an answer to "what happened to row 7?".

`possible` is the check that `xuna` makes by default, so the figures are compared with it. `valid` is stricter, takes
longer, and corresponds to `--strict-numbers`.
"""

import csv
import os
import sys

import httpx
import phonenumbers

MESSAGE = "Hi {first_name}, this is {company} about your order {order_id}. Is now a good time?"


def main(path, base_url, check="possible", region="", batch="500"):
    is_fine = {"possible": phonenumbers.is_possible_number, "valid": phonenumbers.is_valid_number}[check]
    headers = {"xi-api-key": os.environ["XUNA_AI_API_KEY"]}
    client = httpx.Client(base_url=base_url, headers=headers, timeout=60)
    initiated = rejected = 0

    def send(calls):
        batch = {
            "agent_id": os.environ["XUNA_AGENT_ID"],
            "from_phone_number_id": os.environ["XUNA_FROM_PHONE_NUMBER_ID"],
            "calls": calls,
        }
        answer = client.post("/v1/convai/phone-numbers/batch-calls", json=batch)
        answer.raise_for_status()
        return answer.json()["calls_initiated"]

    calls = []
    with open(path, newline="", encoding="utf-8") as file:  # noqa: PTH123 - as most people write it
        for row in csv.DictReader(file):
            try:
                number = phonenumbers.parse(row["phone"], region or None)
            except phonenumbers.NumberParseException:
                rejected += 1
                continue
            if not is_fine(number):
                rejected += 1
                continue
            calls.append(
                {
                    "to_phone_number": phonenumbers.format_number(
                        number, phonenumbers.PhoneNumberFormat.E164
                    ),
                    "conversation_config_override": {"agent": {"first_message": MESSAGE.format(**row)}},
                }
            )
            if len(calls) == int(batch):
                initiated += send(calls)
                calls = []
    if calls:
        initiated += send(calls)
    print(f"{initiated} {rejected}")


if __name__ == "__main__":
    main(*sys.argv[1:])
