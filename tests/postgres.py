"""A PostgreSQL server for the tests alone: started on loopback, in a folder of its own, gone when they end.

Comes in: the binaries that Debian's package ``postgresql`` brings. Goes out: addresses of empty databases, one for each
test that asks. PostgreSQL refuses to run as root, so a root's server runs as another user.
"""

from __future__ import annotations

import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

USER = "coach"
DEBIAN = Path("/usr/lib/postgresql")
MISSING = "PostgreSQL's initdb and postgres are not on this machine. Install them with: apt-get install postgresql"
DEADLINE_SECONDS = 120.0
"""A server starts in under a second; this is for a machine that does much else."""


class Cluster:
    """A running server. ``database`` gives the address of a new, empty database on it."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._password = password
        self._numbers = itertools.count(1)

    def address(self, name: str, password: str | None = None) -> str:
        """As ``COACH_DATABASE_URL`` wants it."""
        return f"postgresql+psycopg://{USER}:{password or self._password}@127.0.0.1:{self._port}/{name}"

    def connect(self, name: str) -> psycopg.Connection:
        """Past SQLAlchemy, each statement a transaction of its own."""
        return psycopg.connect(
            host="127.0.0.1", port=self._port, user=USER, password=self._password, dbname=name, autocommit=True
        )

    @contextmanager
    def database(self) -> Iterator[str]:
        """Name of a database that is there as long as the block lasts."""
        name = f"test_{next(self._numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            with self.connect("postgres") as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def binaries() -> Path | None:
    """Folder of ``initdb``, on the path or where Debian puts it, the newest first; None if there is none."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent  # Debian has no link on the path for postgres, which stands beside it.
    folders = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True)
    return folders[0].parent if folders else None


@contextmanager
def cluster(programs: Path) -> Iterator[Cluster]:
    user = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="coach-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        password = secrets.token_urlsafe(16)
        word = folder / "password"
        word.write_text(password)
        if user is not None:
            for path in (folder, word):
                os.chown(path, user.pw_uid, user.pw_gid)
        running = _Programs(programs, folder, user)
        initdb = running.begin(
            "initdb", "-D", "data", "-U", USER, "--auth=scram-sha-256", "--pwfile=password", "--encoding=UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        assert initdb.wait() == 0, running.said()
        server, port = _start(running, password)
        try:
            yield Cluster(port, password)
        finally:
            server.send_signal(signal.SIGQUIT)  # "Immediate": nothing in there is of any worth.
            server.wait()


class _Programs:
    """PostgreSQL's programs, run in a folder as a user who may."""

    def __init__(self, programs: Path, folder: Path, user: pwd.struct_passwd | None) -> None:
        self._programs = programs
        self._folder = folder
        self._user = user
        self._log = folder / "log"

    def begin(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [str(self._programs / name), *arguments],
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                start_new_session=True,  # Ctrl+C ends the tests, and they end the server.
            )

    def said(self) -> str:
        return self._log.read_text(errors="replace")


def _start(running: _Programs, password: str) -> tuple[subprocess.Popen[bytes], int]:
    """Another program may take the free port before the server does: then another one is tried."""
    for _ in range(3):
        port = _free_port()
        # No socket in the file system, and nothing waits for the disk.
        options = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "fsync": "off"}
        server = running.begin("postgres", "-D", "data", *(f"--{name}={value}" for name, value in options.items()))
        deadline = time.monotonic() + DEADLINE_SECONDS
        while server.poll() is None:
            try:
                Cluster(port, password).connect("postgres").close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    server.kill()
                    server.wait()
                    raise AssertionError(f"PostgreSQL does not answer.\n{running.said()}") from None
                time.sleep(0.05)
            else:
                return server, port
    raise AssertionError(f"PostgreSQL ended at once.\n{running.said()}")


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server; None where that is whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("Neither a user postgres nor a user nobody is there to run PostgreSQL.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
