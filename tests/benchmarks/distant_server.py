"""The punctual server behind a slow network, over TLS.

    python -m tests.benchmarks.distant_server SECONDS ROUND_TRIP FOLDER

Writes the certificate of its authority to `ca.pem` in the folder, and prints its port.
"""

import asyncio
import ssl
import sys
from pathlib import Path

import trustme

from tests.benchmarks.punctual_server import Exchange


async def main(seconds, round_trip, folder):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(Path(folder) / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    Exchange.seconds = seconds
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Exchange, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    async def network(reader, writer):
        await asyncio.sleep(round_trip)  # the TCP handshake, which takes no time on a loopback
        theirs, to_them = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, to_them), carry(theirs, writer))

    async def carry(reader, writer):
        """Pass data on in order, each piece after half a round trip."""
        underway = asyncio.Queue()

        async def arrive():
            while True:
                due, data = await underway.get()
                await asyncio.sleep(due - loop.time())
                if not data or writer.is_closing():
                    writer.close()
                    return
                writer.write(data)

        arriving = asyncio.create_task(arrive())
        data = b"x"
        while data:
            try:
                data = await reader.read(2**16)
            except OSError:  # a reset ends the connection, too
                data = b""
            underway.put_nowait((loop.time() + round_trip / 2, data))
        await arriving

    entrance = await asyncio.start_server(network, "127.0.0.1", 0)
    print(entrance.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
