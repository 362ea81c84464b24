"""A small OpenID Connect provider on loopback, as strict with whoever asks it as a real one has to be.

Comes in: browsers that are sent here to log in or out, and the app, which fetches tokens. Goes out: a page on which a
test chooses who it is, and tokens that are signed. Only the authorization code flow with PKCE is there. What is not as
it should be gets a 400 and is noted in ``refused``, so that a test can say that nothing was.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

PEOPLE = {"ada": "Ada", "bob": "Bob", "cleo": "Cleo", "dora": "Dora"}
"""By subject. All else that the provider says of them is the same, so that nothing else can tell them apart."""
CLIENT_ID = "career-coach"
TOKEN_SECONDS = 600
_HEAD = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Provider</title>'


class _Granted(NamedTuple):
    """What a code stands for until it is exchanged."""

    subject: str
    redirect_uri: str
    nonce: str
    challenge: str


class _RefusedError(Exception):
    """A request that a provider must not answer."""


class Provider:
    """Keys, codes and what was refused. Each thread of the server uses it."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.client_secret = secrets.token_urlsafe(24)
        self.refused: list[str] = []
        self.logged_out: list[str] = []
        """Subjects whom the app sent here to end their login, in order."""
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, _Granted] = {}

    def write_secrets(self, path: Path, host: str) -> Path:
        """Streamlit's secrets for an app that browsers reach under ``host``; Streamlit puts its own port in."""
        fields = {
            "redirect_uri": f"http://{host}:{{port}}/oauth2callback",
            "cookie_secret": secrets.token_urlsafe(32),
            "client_id": CLIENT_ID,
            "client_secret": self.client_secret,
            "server_metadata_url": f"{self.issuer}/.well-known/openid-configuration",
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
        path.write_text("\n".join(["[auth]", *lines, ""]), encoding="utf-8")
        return path

    def metadata(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "end_session_endpoint": f"{self.issuer}/logout",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "email", "profile"],
        }

    def keys(self) -> dict[str, object]:
        return dict(KeySet([self._key]).as_dict(private=False))

    def choices(self, asked: Mapping[str, str]) -> str:
        """The page that asks who it is."""
        self._check_request(asked)
        links = (
            f'<p><a href="/chosen?{urlencode({**asked, "subject": subject})}">{name}</a></p>'.replace("&", "&amp;")
            for subject, name in PEOPLE.items()
        )
        return f"{_HEAD}<h1>Who are you?</h1>{''.join(links)}"

    def back_with_code(self, asked: Mapping[str, str]) -> str:
        """Where the browser goes once somebody is chosen."""
        self._check_request(asked)
        _require(asked.get("subject") in PEOPLE, "nobody of that name")
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Granted(asked["subject"], asked["redirect_uri"], asked["nonce"], asked["code_challenge"])
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    @staticmethod
    def _check_request(asked: Mapping[str, str]) -> None:
        _require(asked.get("client_id") == CLIENT_ID, "another client")
        _require(asked.get("response_type") == "code", "not the code flow")
        _require("openid" in asked.get("scope", "").split(), "no scope openid")
        _require(urlsplit(asked.get("redirect_uri", "")).path == "/oauth2callback", "another way back")
        _require(asked.get("code_challenge_method") == "S256", "no PKCE")
        for name in ("state", "nonce", "code_challenge"):
            _require(bool(asked.get(name)), f"no {name}")

    def exchange(self, sent: Mapping[str, str], authorization: str) -> dict[str, object]:
        """Tokens for a code, once."""
        expected = base64.b64encode(f"{CLIENT_ID}:{self.client_secret}".encode()).decode()
        _require(hmac.compare_digest(authorization, f"Basic {expected}"), "another secret")
        _require(sent.get("grant_type") == "authorization_code", "another grant")
        granted = self._codes.pop(sent.get("code", ""), None)
        if granted is None:
            raise _RefusedError("no such code")
        _require(sent.get("redirect_uri") == granted.redirect_uri, "another way back than before")
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        _require(base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == granted.challenge, "PKCE does not fit")
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": granted.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": granted.nonce,
            "email": "shared@example.com",
            "name": "Same Name",
        }
        return {
            "access_token": secrets.token_urlsafe(24),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key),
        }

    def back_logged_out(self, asked: Mapping[str, str]) -> str:
        """Where the browser goes once the provider has ended the login, too."""
        hint = jwt.decode(asked.get("id_token_hint", ""), self._key, algorithms=["RS256"])
        _require(asked.get("client_id") == CLIENT_ID, "another client")
        way_back = asked.get("post_logout_redirect_uri", "")
        _require(urlsplit(way_back).path == "/oauth2callback", "another way back")
        self.logged_out.append(str(hint.claims["sub"]))
        return way_back


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise _RefusedError(otherwise)


@contextmanager
def login_provider() -> Iterator[Provider]:
    """A provider that runs until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            self._answer(urlsplit(self.path).path, asked)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            self._answer(f"POST {self.path}", dict(parse_qsl(body)))

        def _answer(self, path: str, asked: Mapping[str, str]) -> None:
            try:
                match path:
                    case "/.well-known/openid-configuration":
                        self._send_json(provider.metadata())
                    case "/keys":
                        self._send_json(provider.keys())
                    case "/authorize":
                        self._send(200, "text/html; charset=utf-8", provider.choices(asked))
                    case "/chosen":
                        self._redirect(provider.back_with_code(asked))
                    case "/logout":
                        self._redirect(provider.back_logged_out(asked))
                    case "POST /token":
                        self._send_json(provider.exchange(asked, self.headers.get("Authorization", "")))
                    case _:
                        raise _RefusedError("no such address")
            except Exception as error:  # noqa: BLE001 - whatever it was, the test must see it
                provider.refused.append(f"{path}: {error}")
                self._send(400, "text/plain; charset=utf-8", f"Refused: {error}")

        def _send_json(self, value: object) -> None:
            self._send(200, "application/json", json.dumps(value))

        def _redirect(self, address: str) -> None:
            self._send(302, "text/plain; charset=utf-8", "", address)

        def _send(self, status: int, kind: str, text: str, location: str | None = None) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            if location is not None:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: addresses hold codes, and a test says what was refused."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, name="login-provider", daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
