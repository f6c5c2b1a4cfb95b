"""The server around the API: threads, ports, memory, the record, other processes."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.sandbox.conftest import Client, calls, document
from tests.support.sandbox_process import SandboxProcess, read_record
from xuna_cli.sandbox.faults import Cut, Latency
from xuna_cli.sandbox.server import SandboxServer


def test_it_starts_and_stops_at_once():
    began = time.monotonic()
    for _ in range(5):
        with SandboxServer() as sandbox, Client(sandbox) as client:
            assert client.call().status_code == 200
    assert time.monotonic() - began < 2.5


def test_it_leaves_signals_and_output_alone(capfd):
    before = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)]
    with SandboxServer() as sandbox, Client(sandbox) as client:
        client.call()
        client.get("/v1/nothing")
        assert [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)] == before
        httpx.get(f"{sandbox.base_url}/%zz", trust_env=False)
    assert capfd.readouterr() == ("", "")


def test_after_stop_the_port_is_refused_and_what_was_dialled_is_known():
    with SandboxServer() as sandbox, Client(sandbox) as client:
        client.call()
    assert sandbox.state.total == 3
    with Client(sandbox) as client, pytest.raises(httpx.ConnectError):
        client.call()


def test_a_taken_port_is_an_error_at_once(sandbox):
    with pytest.raises(OSError, match="in use"):
        SandboxServer(port=sandbox.port)


def test_it_takes_batches_from_many_clients_at_once(sandbox):
    def send(start):
        with Client(sandbox) as client:
            for step in range(5):
                client.call(calls=calls(4, start + 4 * step))

    threads = [threading.Thread(target=send, args=(20 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.state.total == 160
    assert sandbox.state.batches == 40
    assert set(sandbox.state.counts().values()) == {1}
    assert len(sandbox.state.counts()) == 160
    assert [call.sequence for call in sandbox.state.calls()] == list(range(1, 161))


@pytest.mark.parametrize(("remember", "kept", "counted"), [("all", 6, 3), ("numbers", 0, 3), ("count", 0, 0)])
def test_it_remembers_as_much_as_it_is_told(remember, kept, counted):
    with SandboxServer(remember=remember) as sandbox, Client(sandbox) as client:
        client.call()
        client.call()
        assert sandbox.state.total == 6
        assert sandbox.state.batches == 2
        assert len(sandbox.state.calls()) == kept
        assert len(sandbox.state.counts()) == counted
        assert client.get("/sandbox/dialled").json()["total"] == 6


def test_the_record_has_every_accepted_call_and_a_restart_reads_it_back(tmp_path):
    record = tmp_path / "dialled.jsonl"
    with SandboxServer(record=record, sync=True, seed=1) as sandbox, Client(sandbox) as client:
        first = client.call(2).json()["batch_id"]
        client.call(calls=[{"to_phone_number": "no"}])
    with record.open("ab") as file:
        file.write(b'{"sequence": 3, "at"')  # killed while writing
    with SandboxServer(record=record, seed=1) as sandbox, Client(sandbox) as client:
        assert [call.batch_id for call in sandbox.state.calls()] == [first, first]
        second = client.call(1).json()["batch_id"]
        assert sandbox.state.batches == 2
    assert second != first
    assert [(call["sequence"], call["batch_id"], call["nth"]) for call in read_record(record)] == [
        (1, first, 1),
        (2, first, 1),
        (3, second, 2),
    ]
    assert record.stat().st_mode & 0o777 == 0o600


def test_requests_are_noted_with_their_connection_and_without_the_key(sandbox, client):
    client.post("/v1/convai/phone-numbers/batch-calls", json=document(), headers={"idempotency-key": "b-1"})
    client.get("/v1/convai/agents")
    first, second = client.get("/sandbox/requests").json()["requests"]
    assert (first["method"], first["answer"], first["idempotency_key"]) == ("POST", 200, "b-1")
    assert (second["path"], second["answer"]) == ("/v1/convai/agents", 200)
    assert first["client"] != second["client"]
    assert "sandbox" not in json.dumps([first["user_agent"], list(first.values())[7:]])


def test_reset_forgets_calls_requests_and_faults(tmp_path):
    record = tmp_path / "dialled.jsonl"
    with SandboxServer(record=record, faults=[Cut(skip=1)]) as sandbox, Client(sandbox) as client:
        client.call()
        client.post("/sandbox/reset")
        assert client.get("/sandbox/dialled").json()["calls"] == []
        assert client.get("/sandbox/requests").json() == {"total": 0, "requests": []}
        assert client.get("/sandbox/faults").json() == {"faults": []}
        assert read_record(record) == []
        assert client.call(1).status_code == 200
        assert [call["sequence"] for call in read_record(record)] == [1]


def test_a_request_that_waits_during_a_reset_calls_nobody():
    with SandboxServer(faults=[Latency(seconds=1.0)]) as sandbox, Client(sandbox) as client:
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(client.call)
            while not client.get("/sandbox/requests").json()["requests"]:
                pass
            client.post("/sandbox/reset")
            assert waiting.result().status_code == 503
        assert client.get("/sandbox/dialled").json()["calls"] == []


def test_it_can_be_waited_for_until_a_signal():
    code = """
import signal, sys
from xuna_cli.sandbox.server import SandboxServer
def leave(signum, frame): raise KeyboardInterrupt
signal.signal(signal.SIGTERM, leave)
try:
    with SandboxServer(api_key="mine") as server:
        print(server.base_url, flush=True)
        server.wait()
except KeyboardInterrupt:
    print("left")
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = process.stdout.readline().strip()
        try:
            answer = httpx.get(f"{url}/v1/convai/agents", headers={"xi-api-key": "mine"}, trust_env=False)
            assert answer.status_code == 200
            with socket.create_connection(("127.0.0.1", httpx.URL(url).port)) as connection:
                connection.sendall(b"no HTTP\r\n\r\n")  # uvicorn would log it
                assert connection.recv(100).startswith(b"HTTP/1.1 400")
            process.terminate()
            assert process.communicate(timeout=60) == ("left\n", "")
        finally:
            process.kill()


@pytest.mark.slow
def test_a_sandbox_in_another_process_is_steered_and_asked(tmp_path):
    with SandboxProcess(tmp_path / "dialled.jsonl", faults=[{"kind": "cut", "every": 2}], seed=3) as sandbox:
        with Client(sandbox) as client:
            assert client.call(2).status_code == 200
            with pytest.raises(httpx.TransportError):
                client.call(2)
            [fault] = sandbox.faults()
            assert fault["struck"] == 1
            sandbox.clear_faults()
            sandbox.add_fault(
                "answer", status=503, body={"detail": "later"}, headers={"retry-after": "7"}, times=1
            )
            refused = client.call(2)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
            assert client.call(1).status_code == 200
        assert sandbox.dialled()["called_twice"] == ["+15550000000", "+15550000001"]
        assert [request["answer"] for request in sandbox.requests()] == [200, "cut", 503, 200]
        assert sandbox.recorded_counts() == {"+15550000000": 3, "+15550000001": 2}


@pytest.mark.slow
def test_who_was_dialled_is_known_after_a_kill_and_a_restart_on_the_same_port(tmp_path):
    sandbox = SandboxProcess(tmp_path / "dialled.jsonl", conversations={"optional_metadata": False})
    try:
        url = sandbox.start().base_url
        with Client(sandbox) as client:
            client.call(5)
        sandbox.kill()
        assert len(sandbox.recorded()) == 5
        assert sandbox.start().base_url == url
        assert sandbox.dialled()["total"] == 5
        sandbox.stop()
    finally:
        sandbox.kill()


@pytest.mark.slow
def test_two_sandboxes_at_once_know_nothing_of_each_other(tmp_path):
    with SandboxProcess() as one, SandboxProcess() as other:
        with Client(one) as client:
            client.call(1)
        assert one.dialled()["total"] == 1
        assert other.dialled()["total"] == 0
