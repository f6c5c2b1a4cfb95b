"""A server with an exact latency. It counts the calls of a batch, and reads nothing else of it.

    python -m tests.benchmarks.punctual_server SECONDS

It also answers the requests of `vendor_scripts.py` in the format of those services.

It prints its port. The sandbox would check every call on one of the two cores that the client needs, and take a few
milliseconds longer than the set latency; that is not the client's time.
"""

import asyncio
import json
import sys

NUMBERS = (
    b'"to_phone_number"',
    b'"phone_number"',
    b'"to_number"',
    b'"number"',
)  # occurs once in each call


def accepted(path, batch, calls):
    """Return the document with which the service at this path accepts this many calls.

    It has the fields that the SDKs' response models require.
    """
    name = f"batch_{batch}"
    if path.endswith("/batch-calling/submit"):  # ElevenLabs
        times = dict.fromkeys(
            ("created_at_unix", "scheduled_time_unix", "last_updated_at_unix"), 1_790_000_000
        )
        counts = {"total_calls_dispatched": 0, "total_calls_scheduled": calls, "total_calls_finished": 0}
        texts = {"id": name, "name": name, "agent_id": "agent", "agent_name": "agent", "status": "pending"}
        return texts | times | counts | {"retry_count": 0, "telephony_call_config": {}}
    if path.endswith("/create-batch-call"):  # Retell
        texts = {"batch_call_id": name, "name": name, "from_number": "+14155550100"}
        return texts | {"scheduled_timestamp": 1_790_000_000_000, "total_task_count": calls}
    if path.endswith("/call"):  # Vapi: one record for each call
        at = "2026-11-24T12:00:00.000Z"
        one = {
            "orgId": "org",
            "createdAt": at,
            "updatedAt": at,
            "type": "outboundPhoneCall",
            "status": "queued",
        }
        return {"results": [{"id": f"{name}_{call}"} | one for call in range(calls)], "errors": []}
    return {"batch_id": name, "calls_initiated": calls}


class Exchange(asyncio.Protocol):
    """A connection; each request is answered after the latency, counted from its last byte.

    It is kept for further requests unless the client wants it closed, as the services do.
    """

    seconds = 0.0
    calls = 0
    batches = 0

    def connection_made(self, transport):
        self._transport = transport
        self._received = bytearray()
        self._whole = None

    def data_received(self, data):
        self._received += data
        if self._whole is None:
            head, found, _ = self._received.partition(b"\r\n\r\n")
            if not found:
                return
            length = next(
                (line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")),
                b"0",
            )
            self._whole = len(head) + 4 + int(length)
        if len(self._received) >= self._whole:
            request = bytes(self._received)
            self._received, self._whole = bytearray(), None
            asyncio.get_running_loop().call_later(self.seconds, self._answer, request)

    def _answer(self, request):
        if request.startswith(b"GET /taken "):
            document = [Exchange.calls, Exchange.batches]
            Exchange.calls = Exchange.batches = 0
        elif request.startswith(b"GET "):  # the request for the caller number
            document = [
                {"phone_number_id": "pn_sandbox", "phone_number": "+15550100000", "label": "Benchmark"}
            ]
        else:
            initiated = max(request.count(number + b":") for number in NUMBERS)
            Exchange.calls += initiated
            Exchange.batches += 1
            document = accepted(request.split(b" ", 2)[1].decode(), Exchange.batches, initiated)
        body = json.dumps(document).encode()
        keep = b"\r\nconnection: close\r\n" not in request[: request.find(b"\r\n\r\n") + 2].lower()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        connection = "keep-alive" if keep else "close"
        self._transport.write(f"{head}Connection: {connection}\r\n\r\n".encode() + body)
        if not keep:
            self._transport.close()


async def main(seconds):
    Exchange.seconds = seconds
    server = await asyncio.get_running_loop().create_server(Exchange, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
