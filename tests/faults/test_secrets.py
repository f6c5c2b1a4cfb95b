"""Search for the key, in every form that a program may give it, in everything that a run leaves."""

import base64
import html
import json
import signal
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.faults.harness import Rig, numbers
from tests.support import scripted
from tests.support.scripted import ACCOUNT, ScriptedServer, answer, refuse_connect
from tests.support.waiting import wait_until

KEY = "sk_S3nt1nel/+'\"%\\~{{key}}<b>[x]=0123456789"
FORMS = {
    "raw": KEY,
    "url": quote(KEY, safe=""),
    "url-plus": quote_plus(KEY),
    "url-path": quote(KEY),
    "base64": base64.b64encode(KEY.encode()).decode().rstrip("="),
    "base64-url": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    "repr": repr(KEY)[1:-1],
    "repr-of-bytes": repr(KEY.encode())[2:-1],
    "json": json.dumps(KEY)[1:-1],
    "html": html.escape(KEY),
    "head": KEY[:12],
}
TAKEN = answer(200, {"batch_id": "batch_1", "calls_initiated": 3})
CALL = (
    "batch-call",
    "people.csv",
    "-v",
    "--batch-size",
    3,
    "--concurrency",
    1,
    "--timeout",
    1,
    "--rejects",
    "rejects.csv",
)


def traces_of_the_key(folder, *texts):
    """Return where the key was found, and in which form."""
    places = {f"text {number}": text.encode() for number, text in enumerate(texts)}
    places |= {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".env"
    }
    return [
        (place, name)
        for place, data in places.items()
        for name, form in FORMS.items()
        if form.encode() in data
    ]


def command_lines():
    """Return what everybody on the machine can read about the processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return [line for line in lines if "xuna_cli" in line or "faults.driver" in line]


def watched(rig, *argv, meanwhile=lambda running: None, **options):
    """Run a command to its end, and look at its command line meanwhile."""
    running = rig.start(*argv, **options)
    shown = []
    wait_until(lambda: shown.extend(command_lines()) or shown or running.process.poll() is not None)
    meanwhile(running)
    done = running.finish()
    assert not traces_of_the_key(rig.folder, done.out, done.err, *shown), traces_of_the_key(
        rig.folder, done.out, done.err, *shown
    )
    return done


def rig_for(server, folder, people=3, **more):
    return Rig(
        folder, server.base_url, numbers(people), XUNA_AI_API_KEY=KEY, SSL_CERT_FILE=server.ca_file, **more
    )


def echo(status, body):
    return [*ACCOUNT, answer(status, body)]


LOCATED = {
    "detail": [{"loc": ["body", "calls", 0, "to_phone_number"], "msg": f"not with {KEY}", "type": "x"}]
}
ANSWERS = {
    "accepted": [*ACCOUNT, TAKEN],
    "short": [*ACCOUNT, answer(200, {"batch_id": "batch_1", "calls_initiated": 2})],
    "reset": [*ACCOUNT, scripted.read_then_reset()],
    "closed": [*ACCOUNT, scripted.read_then_close()],
    "silence": [*ACCOUNT, scripted.silence()],
    "garbage": [*ACCOUNT, scripted.garbage_status_line()],
    "html": [*ACCOUNT, scripted.html()],
    "bad-gzip": [*ACCOUNT, scripted.bad_gzip()],
    "endless": [*ACCOUNT, scripted.endless_headers()],
    "500": [*ACCOUNT, answer(500, b"")],
    "401": [*ACCOUNT, answer(401, {"detail": {"status": "invalid_api_key", "message": "Invalid API key"}})],
    "404": [*ACCOUNT, answer(404, b"")],
    "422": [*ACCOUNT, *[answer(422, {"detail": []})] * 5],
    "429": [*ACCOUNT, answer(429, b"", {"Retry-After": "0"}), TAKEN],
    "no-numbers": [answer(200, [])],
    "numbers-fail": [answer(500, b""), ACCOUNT[1], TAKEN],
    "numbers-refused": [answer(401, b""), ACCOUNT[1], TAKEN],
    "numbers-cut": [scripted.read_then_reset(), ACCOUNT[1], TAKEN],
    "echo-401": echo(401, {"detail": {"message": f"Invalid API key: {KEY}"}}),
    "echo-401-text": echo(401, f"Invalid API key: {KEY}"),
    "echo-403-html": echo(403, f"<p>{html.escape(KEY)}</p>"),
    "echo-500": echo(500, {"error": {"message": f"header xi-api-key: {KEY}"}}),
    "echo-400-url": echo(400, f"xi-api-key={quote(KEY, safe='')}") + [answer(400, KEY)] * 4,
    "echo-422-loc": echo(422, LOCATED) + [answer(422, LOCATED)] * 2,
    "echo-503": echo(503, KEY),
    "echo-garbage": [*ACCOUNT, scripted.raw(KEY.encode())],
    "echo-200": echo(200, KEY),
    "echo-429": [*ACCOUNT, answer(429, KEY, {"Retry-After": "900"})],
    "echo-long": echo(401, "x" * 480 + KEY),
    "echo-of-no-numbers": [answer(200, f"no JSON, but {KEY}"), ACCOUNT[1], TAKEN],
    "echo-of-the-numbers": [answer(401, {"detail": KEY}), ACCOUNT[1], answer(401, {"detail": KEY})],
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_brings_the_key_to_light(tmp_path, name):
    tls = list(ANSWERS).index(name) % 2 == 1
    with ScriptedServer(ANSWERS[name], tls=tls) as server:
        rig = rig_for(server, tmp_path)
        watched(rig, *CALL)
    assert {request.header("xi-api-key") for request in server.requests} == {KEY}
    # If the ledger kept the key, it would appear here.
    for command in (("campaigns", "show", "people"), ("campaigns", "export", "people", "--to", "export.csv")):
        if "echo" in name:
            watched(rig, *command)


COMMANDS = {
    "version": ("--version",),
    "help": ("batch-call", "--help"),
    "dry-run": (*CALL, "--dry-run"),
    "unknown-option": (*CALL, "--nonsense"),
    "no-such-list": ("batch-call", "nobody.csv"),
    "bad-template": (*CALL, "-m", "Hi {{ name"),
    "missing-column": (*CALL, "-m", "Hi {{ nobody }}"),
    "bad-timeout": (*CALL[:-4], "--timeout", "-1"),
    "http-elsewhere": (*CALL, "--base-url", "http://api.example"),
    "user-in-the-url": (*CALL, "--base-url", "https://user:pass@api.example"),
    "url-that-is-none": (*CALL, "--base-url", "not a url"),
    "sandbox": (*CALL, "--sandbox"),
    "json": (*CALL, "--dry-run", "--output", "json"),
    "csv": (*CALL, "--dry-run", "--output", "csv"),
}


@pytest.mark.parametrize("argv", COMMANDS.values(), ids=COMMANDS)
def test_no_command_brings_the_key_to_light(tmp_path, argv):
    with ScriptedServer([]) as server:
        watched(rig_for(server, tmp_path), *argv)


@pytest.mark.parametrize(
    "point",
    [
        "create:before",
        "get",
        "start_run:after-commit",
        "submit:before-commit",
        "submit:after-commit",
        "post:before-first-byte",
        "post:request-written",
        "record:before-commit",
        "end_run:before",
        "emit:before",
    ],
)
def test_no_bug_brings_the_key_to_light(tmp_path, point):
    """The planted exception contains the key in its text."""
    with ScriptedServer(lambda number: ACCOUNT[number - 1] if number <= len(ACCOUNT) else TAKEN) as server:
        rig = rig_for(server, tmp_path)
        done = watched(rig, *CALL, plan={"point": point, "action": "raise"})
    assert done.code != 0 or point in {"get", "emit:before"}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_no_signal_brings_the_key_to_light(tmp_path, signum):
    with ScriptedServer(
        lambda number: ACCOUNT[number - 1] if number <= len(ACCOUNT) else scripted.silence()
    ) as server:
        rig = rig_for(server, tmp_path)

        def interrupt(running):
            server.wait_for_requests(3)
            running.kill(signum)

        assert watched(rig, *CALL, meanwhile=interrupt).code == 128 + signum


@pytest.mark.parametrize("harm", ["\n", " ", "“", "\x00x", "é", "\t", "\x7f"], ids=ascii)
def test_a_malformed_key_is_refused_without_an_echo(tmp_path, harm):
    with ScriptedServer([]) as server:
        rig = rig_for(server, tmp_path)
        key = KEY + harm
        if "\x00" in harm:
            (tmp_path / ".env").write_text(f"XUNA_AI_API_KEY='{key}'\n")
            rig.environment.pop("XUNA_AI_API_KEY")
        else:
            rig.environment["XUNA_AI_API_KEY"] = key
        assert watched(rig, *CALL).code == 4


def test_doctor_shows_no_key(tmp_path):
    agent = answer(200, {"agent_id": "agent_sandbox", "name": "A", "conversation_config": {}})
    refused = answer(401, {"detail": KEY})
    with ScriptedServer(lambda number: [ACCOUNT[0], agent, ACCOUNT[0], refused][number % 4]) as server:
        for output in ("table", "json", "table", "json"):
            watched(rig_for(server, tmp_path), "doctor", "--output", output)


# ------------------------------------------------------------------------------ and it is sent nowhere else


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["numbers", "calls"])
def test_a_redirect_takes_the_key_nowhere(tmp_path, status, where):
    with ScriptedServer([]) as elsewhere:  # fails on any connection
        redirect = scripted.redirect(elsewhere.base_url + "/v1/convai/phone-numbers/batch-calls", status)
        script = [redirect, ACCOUNT[1], TAKEN] if where == "numbers" else [*ACCOUNT, redirect]
        with ScriptedServer(script) as server:
            watched(rig_for(server, tmp_path), *CALL)


def test_an_env_file_that_lies_about_takes_the_key_nowhere(tmp_path):
    with ScriptedServer([]) as evil, ScriptedServer([*ACCOUNT, TAKEN]) as server:
        rig = rig_for(server, tmp_path)
        names = (
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "XUNA_BASE_URL",
            "SSL_CERT_FILE",
            "SSLKEYLOGFILE",
        )
        (tmp_path / ".env").write_text(
            "".join(f"{name}={evil.base_url}\n" for name in names) + f"XUNA_AI_API_KEY={KEY}\n"
        )
        rig.environment.pop("XUNA_AI_API_KEY")
        done = watched(rig, *CALL)
        assert done.code == 0, done
    assert {request.header("xi-api-key") for request in server.requests} == {KEY}


def test_an_env_file_alone_can_not_choose_where_the_key_goes(tmp_path):
    with ScriptedServer([]) as evil:
        rig = rig_for(evil, tmp_path)
        (tmp_path / ".env").write_text(f"XUNA_BASE_URL={evil.base_url}\nXUNA_AI_API_KEY={KEY}\n")
        for name in ("XUNA_AI_API_KEY", "XUNA_BASE_URL"):
            rig.environment.pop(name)
        done = watched(rig, *CALL)
        assert done.code == 4, done  # and the real API is not called instead
        assert "can't set XUNA_BASE_URL" in done.err


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"])
def test_a_proxy_of_the_environment_has_no_business_with_loopback(tmp_path, name):
    with ScriptedServer([]) as proxy, ScriptedServer([*ACCOUNT, TAKEN]) as server:
        assert watched(rig_for(server, tmp_path, **{name: proxy.base_url}), *CALL).code == 0


def test_a_proxy_sees_no_key(tmp_path):
    with ScriptedServer(lambda _: refuse_connect(407)) as proxy:
        rig = rig_for(
            proxy,
            tmp_path,
            HTTPS_PROXY=proxy.base_url.replace("//", "//user:secret@"),
            XUNA_BASE_URL="https://api.nowhere.example",
        )
        done = watched(rig, *CALL, plan={"backoff": 0.001})
        assert done.code == 6, done
        assert "secret" not in done.err
    assert proxy.requests
    assert all(request.header("xi-api-key") is None for request in proxy.requests)


def test_certificates_that_can_not_be_read_are_a_setting_that_is_wrong(tmp_path):
    with ScriptedServer([]) as server:
        rig = rig_for(server, tmp_path)
        done = watched(rig, *CALL, env={"SSL_CERT_FILE": str(tmp_path / "none.pem")})
    assert done.code == 4
    assert "SSL_CERT_FILE" in done.err


def test_files_with_people_in_them_are_for_their_owner_alone(tmp_path):
    with ScriptedServer([*ACCOUNT, TAKEN]) as server:
        rig = Rig(tmp_path, server.base_url, numbers(3))
        rig.environment.pop("XUNA_LEDGER")
        assert rig.xuna(*CALL).code == 0
        rig.xuna("campaigns", "export", "people", "--to", "export.csv")
    data = tmp_path / "data" / "xuna"
    assert data.stat().st_mode & 0o777 == 0o700
    for file in (data / "ledger.db", tmp_path / "rejects.csv", tmp_path / "export.csv"):
        assert file.stat().st_mode & 0o777 == 0o600
