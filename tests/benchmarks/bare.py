"""The minimum work of a client: send prepared batches from several threads, without a ledger.

    python tests/benchmarks/bare.py BASE_URL POSTS CALLS CONCURRENCY [kept]

Each POST has a connection of its own; with `kept`, each thread keeps one for all of its POSTs.

It shows how much of the waiting is caused by the server and the machine.
"""

import http.client
import json
import os
import sys
import threading
import time
import urllib.parse


def main(base_url, posts, calls, concurrency, how="fresh"):
    override = {
        "agent": {"first_message": "Hi Ann, this is Acme Ltd about your order A-0000001. Is now a good time?"}
    }
    batch = {
        "agent_id": os.environ["XUNA_AGENT_ID"],
        "from_phone_number_id": os.environ["XUNA_FROM_PHONE_NUMBER_ID"],
        "calls": [
            {"to_phone_number": f"+1415555{call:04}", "conversation_config_override": override}
            for call in range(int(calls))
        ],
    }
    body = json.dumps(batch).encode()
    headers = {
        "xi-api-key": os.environ["XUNA_AI_API_KEY"],
        "Connection": "keep-alive" if how == "kept" else "close",
        "Content-Type": "application/json",
    }
    left = iter(range(int(posts)))
    url = urllib.parse.urlsplit(base_url)
    client = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}[url.scheme]

    def sender():
        connection = client(url.netloc)
        for _ in left:
            connection.request("POST", "/v1/convai/phone-numbers/batch-calls", body, headers)
            if json.load(connection.getresponse())["calls_initiated"] != int(calls):
                raise AssertionError("not all were taken")
            if how != "kept":
                connection.close()  # the next request opens another one
        connection.close()

    threads = [threading.Thread(target=sender) for _ in range(int(concurrency))]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
