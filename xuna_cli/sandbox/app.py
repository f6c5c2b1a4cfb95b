"""The vendor's endpoints, and `/sandbox/…` endpoints with which tests and curl control the sandbox."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xuna_cli.sandbox import faults as kinds
from xuna_cli.sandbox import validation
from xuna_cli.sandbox.account import Account
from xuna_cli.sandbox.conversations import ConversationOptions, Conversations
from xuna_cli.sandbox.faults import BATCH_CALLS, Ending, Fault, Faults
from xuna_cli.sandbox.raw_transport import Chopped, Dripped, Silent
from xuna_cli.sandbox.state import SandboxState

KEY_HEADER = "xi-api-key"
LARGEST_PAGE = 100

Handler = Callable[[Request, Sequence[Fault]], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]
F = TypeVar("F", bound=Fault)


def create_app(
    account: Account,
    state: SandboxState,
    faults: Faults,
    conversations: ConversationOptions | None = None,
) -> Starlette:
    """Return the sandbox as a Starlette application."""
    api = _Api(account, state, faults, Conversations(account, state, conversations))
    control = _Control(state, faults)
    base = "/v1/convai"
    return Starlette(
        routes=[
            Route(f"{base}/phone-numbers/batch-calls", api.guarded(BATCH_CALLS, api.call), methods=["POST"]),
            Route(f"{base}/phone-numbers", api.guarded("phone-numbers", api.list_numbers)),
            Route(f"{base}/agents", api.guarded("agents", api.list_agents)),
            Route(f"{base}/agents/{{id}}", api.guarded("agents", api.show_agent)),
            Route(f"{base}/conversations", api.guarded("conversations", api.list_conversations)),
            Route(f"{base}/conversations/{{id}}", api.guarded("conversations", api.show_conversation)),
            Route("/sandbox/faults", control.faults, methods=["GET", "POST", "DELETE"]),
            Route("/sandbox/clock", control.clock, methods=["GET", "POST"]),
            Route("/sandbox/dialled", control.dialled),
            Route("/sandbox/requests", control.requests),
            Route("/sandbox/reset", control.reset, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _as_json},
    )


async def _as_json(request: Request, error: Exception) -> Response:
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse({"detail": str(getattr(error, "detail", error))}, status)


def _says(status: int, slug: str, message: str) -> JSONResponse:
    return JSONResponse({"detail": {"status": slug, "message": message}}, status)


def _of(kind: type[F], faults: Iterable[Fault]) -> list[F]:
    return [fault for fault in faults if isinstance(fault, kind)]


class _Api:
    """The endpoints that the vendor documents."""

    def __init__(
        self, account: Account, state: SandboxState, faults: Faults, conversations: Conversations
    ) -> None:
        self._account = account
        self._state = state
        self._faults = faults
        self._conversations = conversations

    def guarded(self, endpoint: str, handler: Handler) -> Endpoint:
        """Wrap a handler with the check of the key, the record of requests, and the faults."""

        async def guarded(request: Request) -> Response:
            body = await request.body()
            authorised = request.headers.get(KEY_HEADER) == self._account.api_key
            client = request.client
            seen = self._state.saw(
                request.headers,
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                client=f"{client.host}:{client.port}" if client else "",
                size=len(body),
                authorised=authorised,
            )
            if not authorised:
                response: Response = _says(401, "invalid_api_key", "Invalid API key")
            else:
                with self._faults.striking(endpoint, request.url.query.encode() + body) as due:
                    response = await self._under_faults(request, handler, due)
            seen.answer = getattr(response, "fault", response.status_code)
            return response

        return guarded

    async def _under_faults(self, request: Request, handler: Handler, due: Sequence[Fault]) -> Response:
        resets = self._state.resets
        for latency in _of(kinds.Latency, due):
            if not latency.taken:
                await asyncio.sleep(latency.seconds)
        if self._state.resets != resets:  # the calls of an earlier time must not be among those of a new one
            return _says(503, "reset", "The sandbox was reset")
        for limit in _of(kinds.RateLimit, due):
            return _limited(limit)
        endings = [fault for fault in due if isinstance(fault, Ending)]
        for ending in endings:
            if not ending.taken:
                return _ended(ending, None)
        response = await handler(request, due)
        for latency in _of(kinds.Latency, due):
            if latency.taken:
                await asyncio.sleep(latency.seconds)
        for ending in endings:
            return _ended(ending, response)
        return response

    async def call(self, request: Request, due: Sequence[Fault]) -> Response:
        body = await request.body()
        try:
            agent_id, from_phone_number_id, calls = validation.batch(body)
        except validation.Invalid as invalid:
            return JSONResponse({"detail": invalid.detail}, 422)
        if self._account.agent(agent_id) is None:
            return _says(404, "agent_not_found", f"Agent {agent_id!r} not found")
        if not self._account.has_phone_number(from_phone_number_id):
            return _says(404, "phone_number_not_found", f"Phone number {from_phone_number_id!r} not found")
        if any(len(calls) > limit.size for limit in _of(kinds.MaxBatch, due)):
            return _says(413, "batch_too_large", "Too many calls in one batch")
        for refusal in _of(kinds.Refuse, due):
            if offenders := refusal.offenders(calls):
                return _refused(refusal, offenders)
        missing = sum(short.missing for short in _of(kinds.Short, due))
        if missing:
            kept = self._faults.sample(len(calls), max(0, len(calls) - missing), body)
            calls = [calls[position] for position in kept]
        batch_id = self._state.take(
            agent_id, from_phone_number_id, calls, request.headers.get("idempotency-key")
        )
        return JSONResponse({"batch_id": batch_id, "calls_initiated": len(calls)})

    async def list_numbers(self, request: Request, due: Sequence[Fault]) -> Response:
        del request, due
        return JSONResponse([number.document() for number in self._account.phone_numbers])

    async def list_agents(self, request: Request, due: Sequence[Fault]) -> Response:
        del request, due
        return JSONResponse(
            {"agents": [agent.summary() for agent in self._account.agents], "has_more": False}
        )

    async def show_agent(self, request: Request, due: Sequence[Fault]) -> Response:
        del due
        agent_id = request.path_params["id"]
        agent = self._account.agent(agent_id)
        if agent is None:
            return _says(404, "agent_not_found", f"Agent {agent_id!r} not found")
        return JSONResponse(agent.configuration())

    async def list_conversations(self, request: Request, due: Sequence[Fault]) -> Response:
        asked = request.query_params
        try:
            size = int(asked.get("page_size", self._conversations.options.page_size))
            before = int(asked["cursor"].removeprefix("cursor_")) if "cursor" in asked else None
        except ValueError:
            return _says(
                400, "invalid_request", "page_size must be a number, and cursor one from an earlier page"
            )
        if not 1 <= size <= LARGEST_PAGE:
            where: list[str | int] = ["query", "page_size"]
            message = f"Input should be between 1 and {LARGEST_PAGE}"
            return JSONResponse({"detail": [validation.complaint(where, message, "out_of_range")]}, 422)
        how: set[str] = {fault.how for fault in _of(kinds.Pages, due)}
        if "repeat" in how:
            before = None
        calls, has_more = self._conversations.page(asked.get("agent_id"), before, size)
        page: dict[str, object] = {
            "conversations": [
                self._conversations.summary(call) for call in calls for _ in range(1 + ("twice" in how))
            ],
            "has_more": has_more,
            "next_cursor": f"cursor_{calls[-1].sequence}" if has_more else None,
        }
        return JSONResponse(_misbehaving(page, how))

    async def show_conversation(self, request: Request, due: Sequence[Fault]) -> Response:
        del due
        call = self._conversations.find(request.path_params["id"])
        if call is None:
            return _says(404, "conversation_not_found", "Conversation not found")
        return JSONResponse(self._conversations.detail(call))


def _misbehaving(page: dict[str, object], how: set[str]) -> dict[str, object]:
    if "repeat" in how or "loop" in how:
        page |= {"has_more": True, "next_cursor": f"cursor_{1 << 53}"}
    if "no-cursor" in how:
        page |= {"has_more": True, "next_cursor": None}
    if "empty" in how:
        page |= {"conversations": [], "has_more": True, "next_cursor": "cursor_1"}
    if "malformed" in how:
        page |= {"conversations": [None, 7, {"conversation_id": 7, "metadata": "soon"}], "has_more": "no"}
    return page


def _limited(limit: kinds.RateLimit) -> Response:
    response = _says(limit.status, "too_many_requests", "Too many requests")
    if limit.retry_after is not None:
        response.headers["retry-after"] = (
            formatdate(time.time() + limit.retry_after, usegmt=True)
            if limit.as_date
            else f"{limit.retry_after:g}"
        )
    return response


def _refused(refusal: kinds.Refuse, offenders: list[int]) -> Response:
    if not refusal.loc:
        return _says(refusal.status or 400, "invalid_calls", refusal.message)
    named = offenders[:1] if refusal.only_first else offenders
    detail = [
        validation.complaint(["body", "calls", position, "to_phone_number"], refusal.message, "value_error")
        for position in named
    ]
    return JSONResponse({"detail": detail}, refusal.status or 422)


def _ended(ending: Ending, response: Response | None) -> Response:
    match ending:
        case kinds.Answer():
            text = isinstance(ending.body, str)
            content = str(ending.body) if text else json.dumps(ending.body)
            kind = "text/plain" if text else "application/json"
            answer = Response(content, ending.status, media_type=kind)
            answer.headers.update(ending.headers)
            return answer
        case kinds.Cut():
            return Chopped(ending.kind, reset=ending.reset)
        case kinds.Garbage():
            return Chopped(ending.kind, ending.text.encode("latin-1", "replace"))
        case kinds.Hang():
            return Silent(ending.kind)
        case kinds.Drip():
            return Dripped(ending.kind, response or Response(), ending.interval)


class _Control:
    """The endpoints that only the sandbox has."""

    def __init__(self, state: SandboxState, faults: Faults) -> None:
        self._state = state
        self._faults = faults

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._faults.clear()
        elif request.method == "POST":
            try:
                asked = validation.parse(await request.body())
                self._faults.add(
                    *(kinds.from_json(fault) for fault in (asked if isinstance(asked, list) else [asked]))
                )
            except (ValueError, validation.Invalid) as error:
                return JSONResponse({"detail": str(error)}, 422)
        return JSONResponse(
            {"faults": [kinds.to_json(fault) | {"struck": struck} for fault, struck in self._faults.armed()]}
        )

    async def clock(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                asked = validation.parse(await request.body())
                seconds = asked.get("advance") if isinstance(asked, dict) else None
                if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                    raise ValueError('the clock takes {"advance": SECONDS}')  # noqa: TRY004 - an answer
                self._state.advance(seconds)
            except (ValueError, validation.Invalid) as error:
                return JSONResponse({"detail": str(error)}, 422)
        now = self._state.clock()
        return JSONResponse({"now": now, "iso": datetime.fromtimestamp(now, UTC).isoformat()})

    async def dialled(self, request: Request) -> Response:
        del request
        state = self._state
        return JSONResponse(
            {
                "total": state.total,
                "batches": state.batches,
                "counts": state.counts(),
                "called_twice": state.called_twice(),
                "calls": [asdict(call) for call in state.calls()],
            }
        )

    async def requests(self, request: Request) -> Response:
        del request
        state = self._state
        return JSONResponse(
            {"total": state.requests_total, "requests": [asdict(seen) for seen in state.requests()]}
        )

    async def reset(self, request: Request) -> Response:
        del request
        self._faults.clear()
        self._state.reset()
        return JSONResponse({"total": 0})
