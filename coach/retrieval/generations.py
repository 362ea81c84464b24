"""Publishing a folder so that readers see the old one or the new one, never half.

Comes in: the folder that belongs to one index. Goes out: which generation in it is current, a fresh place
to build the next one, and the one step that makes it current. Knows nothing of what a generation holds.

::

    <folder>/
      CURRENT                             name of the generation to read, replaced in one step
      lock                                held by the one writer
      3f9c0a1be2d47785-1c2d3e4f/          a generation: never changed after it is current
      8811...-77ab01cd.building/          left by a writer that was killed; the next writer removes it
      3f9c...-1c2d3e4f.damaged-20261122T204501Z/   what could not be read, set aside

Every generation has a name of its own, also one with the same content: Chroma keeps what it has open by
path for the life of the process, and would serve the old files for a folder made anew in the same place.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from coach.errors import IndexBusyError

GENERATION = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}")
BUILDING = ".building"
POINTER = "CURRENT"
DAMAGED_KEPT = 3
"""Enough to see what went wrong; more would fill the disk of someone whose index breaks every day."""


class Generations:
    """The generations of one index. Every method may raise OSError: a full disk, a folder that cannot be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Path | None:
        """The generation to read, or None when there is none or the pointer is unreadable."""
        try:
            name = (self.folder / POINTER).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        if not GENERATION.fullmatch(name) or not (self.folder / name).is_dir():
            return None
        return self.folder / name

    @contextlib.contextmanager
    def writing(self, timeout_seconds: float) -> Iterator[None]:
        """Be the one writer. Raises IndexBusyError when another one does not finish in time.

        The operating system lets go of the lock when its holder dies, however it dies.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=timeout_seconds)
        except Timeout as error:
            raise IndexBusyError(
                f"Another process has been writing the index in {self.folder} for more than {timeout_seconds:g} s. "
                "Wait for it and try again, or raise COACH_LOCK_TIMEOUT_SECONDS."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def begin(self, fingerprint: str) -> Path:
        """A fresh, empty place to build in. Only for the writer."""
        building = self.folder / f"{fingerprint[:16]}-{secrets.token_hex(4)}{BUILDING}"
        building.mkdir()
        return building

    def publish(self, building: Path, *, damaged: Path | None = None) -> tuple[Path, Path | None]:
        """Make ``building`` the current generation and remove what it replaces. Only for the writer.

        Returns it under its final name, and where ``damaged`` was set aside to.
        """
        aside = self._set_aside(damaged) if damaged is not None else None
        final = building.with_name(building.name.removesuffix(BUILDING))
        building.rename(final)
        pointer = self.folder / f"{POINTER}{BUILDING}"
        with pointer.open("w", encoding="ascii") as file:
            file.write(final.name + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(pointer, self.folder / POINTER)
        self._sweep(keep=final)
        return final, aside

    def _set_aside(self, generation: Path) -> Path:
        aside = generation.with_name(f"{generation.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        generation.rename(aside)
        kept = sorted(self.folder.glob("*.damaged-*"), key=lambda path: path.name.rsplit("-", 1)[-1])
        for old in kept[:-DAMAGED_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return aside

    def _sweep(self, keep: Path) -> None:
        """Remove superseded generations and what killed writers left. A reader that still has one open is not
        disturbed on systems that keep open files; where they do not, removal fails and the next writer tries again."""
        for entry in self.folder.iterdir():
            name = entry.name.removesuffix(BUILDING)
            if entry != keep and GENERATION.fullmatch(name):
                shutil.rmtree(entry, ignore_errors=True)
