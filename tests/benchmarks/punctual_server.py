"""A server that takes exactly as long as it is told: it counts the calls of a batch, and reads no more of it.

    python -m tests.benchmarks.punctual_server SECONDS

Prints its port. The sandbox checks every call, on one of the two cores that the client needs, and takes a few
milliseconds more than it is told; that is not the client's time.
"""

import asyncio
import json
import sys


class Exchange(asyncio.Protocol):
    """One request, and its answer so many seconds after its last byte."""

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
            asyncio.get_running_loop().call_later(
                self.seconds, self._answer, bytes(self._received[: self._whole])
            )

    def _answer(self, request):
        if request.startswith(b"GET /taken "):
            document = [Exchange.calls, Exchange.batches]
            Exchange.calls = Exchange.batches = 0
        elif request.startswith(b"GET "):  # the look-up of the caller number
            document = [
                {"phone_number_id": "pn_sandbox", "phone_number": "+15550100000", "label": "Benchmark"}
            ]
        else:
            initiated = request.count(b'"to_phone_number"')
            Exchange.calls += initiated
            Exchange.batches += 1
            document = {"batch_id": f"batch_{Exchange.batches}", "calls_initiated": initiated}
        body = json.dumps(document).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._transport.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        self._transport.close()


async def main(seconds):
    Exchange.seconds = seconds
    server = await asyncio.get_running_loop().create_server(Exchange, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
