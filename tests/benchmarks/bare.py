"""The minimum work of a client: send prepared batches from several threads, with one connection each and no ledger.

    python tests/benchmarks/bare.py BASE_URL POSTS CALLS CONCURRENCY

It shows how much of the waiting is caused by the server and the machine.
"""

import http.client
import json
import os
import sys
import threading
import time


def main(base_url, posts, calls, concurrency):
    override = {
        "agent": {"first_message": "Hi Ann, this is Acme Ltd about your order A-0000001. Is now a good time?"}
    }
    batch = {
        "agent_id": os.environ["XUNA_AGENT_ID"],
        "from_phone_number_id": os.environ["XUNA_FROM_PHONE_NUMBER_ID"],
        "calls": [
            {"to_phone_number": f"+1415555{call:04}", "conversation_config_override": override}
            for call in range(calls)
        ],
    }
    body = json.dumps(batch).encode()
    headers = {
        "xi-api-key": os.environ["XUNA_AI_API_KEY"],
        "Connection": "close",
        "Content-Type": "application/json",
    }
    left = iter(range(posts))

    def sender():
        for _ in left:
            connection = http.client.HTTPConnection(base_url.removeprefix("http://"))
            connection.request("POST", "/v1/convai/phone-numbers/batch-calls", body, headers)
            if json.load(connection.getresponse())["calls_initiated"] != calls:
                raise AssertionError("not all were taken")
            connection.close()

    threads = [threading.Thread(target=sender) for _ in range(concurrency)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
