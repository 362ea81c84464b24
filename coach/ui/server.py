"""What stands around every page: a browser's own token, headers that forbid fetching elsewhere, an early start.

Comes in: HTTP requests on their way to Streamlit. Goes out: the same responses, with a cookie and a content
security policy on each HTML document. Pages read the cookie through ``coach.ui.session.owner``.

Nobody logs in. The token is random, is never in an address (addresses get shared), and cannot be read by any
script (``HttpOnly``). Whoever clears the browser's cookies loses sight of their conversations; whoever uses the
same browser profile sees the same ones.

It knows nothing of conversations or answers.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from coach.ui import session

COOKIE = session.OWNER_COOKIE
COOKIE_SECONDS = 400 * 24 * 3600
"""Browsers keep no cookie longer; each visit starts the time anew."""

# Second line of defence behind coach.ui.render: even if something slipped through it, the browser would not fetch
# from, send to, or be framed by another host. Streamlit needs inline scripts and styles, and wasm for some charts.
CONTENT_POLICY = "; ".join(
    (
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
)


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
    """Start to load the model when the server starts, so that it is ready sooner than the first question."""
    session.start_loading()
    yield


def _is_html(message: MutableMapping[str, Any]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    cookie = f"{COOKIE}={_token(scope)}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax"
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
                sent = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            if sent is not None and re.fullmatch(session.OWNER_PATTERN, sent.value):
                return sent.value
    return secrets.token_urlsafe(session.OWNER_BYTES)
