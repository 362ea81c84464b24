"""What stands around every page: a browser's own token, headers that forbid fetching elsewhere, an early start.

Comes in: HTTP requests on their way to Streamlit. Goes out: the same responses, with a cookie and a content
security policy on each HTML document. Pages read the cookie through ``coach.ui.session.owner``.

Nobody logs in. The token is random, is never in an address (addresses get shared), and cannot be read by any
script (``HttpOnly``). Whoever clears the browser's cookies loses sight of their conversations; whoever uses the
same browser profile sees the same ones.

It knows nothing of conversations or answers, and imports nothing of them until the server is up: the browser fetches
its scripts meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
import time
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

OWNER_COOKIE = "coach_owner"
OWNER_BYTES = 32
OWNER_PATTERN = r"[A-Za-z0-9_-]{43}"
"""What ``secrets.token_urlsafe(32)`` gives: 256 random bits."""
HEAD_START_SECONDS = 4.0
"""How long the model waits for a first page to be drawn, which then starts it: importing it takes the interpreter
for seconds, and a page drawn beside it came 0.5 s later on two cores."""
COOKIE_SECONDS = 400 * 24 * 3600
"""Browsers keep no cookie longer; each visit starts the time anew."""

STARTED_WITH = {
    name: value for name, value in os.environ.items() if name.startswith("COACH_MODEL") or name == "OPENAI_API_KEY"
}
"""What the operator's environment says of a model. Taken down here, when the server is made: Streamlit then writes its
secrets over it."""

# Second line of defence behind coach.ui.render: even if something slipped through it, the browser would not fetch
# from, send to, or be framed by another host. Streamlit needs inline scripts and styles, and wasm for some charts.
_ALLOWED = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "connect-src 'self' ws: wss:",
    "frame-src 'self' blob: data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
)
CONTENT_POLICY = "; ".join(_ALLOWED)


class OwnerAndPolicy:
    """ASGI middleware. Touches only HTML documents; everything else passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and _is_html(message):
                message["headers"] = [*message["headers"], *_headers(scope)]
            await send(message)

        await self._app(scope, receive, with_headers)


MIDDLEWARE = (Middleware(OwnerAndPolicy),)


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Prepare the first page, and then the first answer, before anybody asks for them."""
    threading.Thread(target=_prepare, name="coach-start", daemon=True).start()
    yield


def _prepare() -> None:
    from coach.ui import chat, session

    with contextlib.suppress(Exception):  # whatever is wrong, the first page meets it again and shows it
        chat.prepare()
        time.sleep(HEAD_START_SECONDS)
        session.desk().start()


def _is_html(message: MutableMapping[str, Any]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    cookie = f"{OWNER_COOKIE}={_token(scope)}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax"
    if scope.get("scheme") == "https":
        cookie += "; Secure"
    return [
        (b"set-cookie", cookie.encode("ascii")),
        (b"content-security-policy", CONTENT_POLICY.encode("ascii")),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    ]


def _token(scope: Scope) -> str:
    """The token that the browser sent, or a new one if it sent none that we could have made."""
    for name, value in scope["headers"]:
        if name.lower() == b"cookie":
            try:
                sent = SimpleCookie(value.decode("latin-1")).get(OWNER_COOKIE)
            except CookieError:
                continue
            if sent is not None and re.fullmatch(OWNER_PATTERN, sent.value):
                return sent.value
    return secrets.token_urlsafe(OWNER_BYTES)
