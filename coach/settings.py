"""Every tunable with its unit and its reason.

Read from the environment as ``COACH_<NAME>``; unusable values raise ``SettingsError`` that names the variable.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from coach.errors import SettingsError

REPOSITORY = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings of one process. Nothing secret belongs here: what is here may be shown and logged."""

    model_config = SettingsConfigDict(env_prefix="COACH_", frozen=True, extra="ignore")

    data_dir: Path = Field(default_factory=lambda: user_data_path("career-coach", appauthor=False))
    """Index, imported pathways, conversations and plans. Never inside the checkout, so that a pull loses nothing."""

    knowledge_dir: Path = REPOSITORY / "knowledge"
    """What the coach knows, as shipped."""

    default_pathway: str | None = None
    """Slug of the pathway that is open at first; None means the first one shipped."""

    encoder: str | None = None
    """Another sentence-transformers model, by folder or name; None means the packaged all-MiniLM-L6-v2."""

    chroma_url: str | None = None
    """A Chroma server, ``http://host:port``, for those who outgrow one machine; None means embedded."""

    database_url: str | None = Field(default=None, repr=False)
    """SQLAlchemy address of the store, such as ``postgresql+psycopg://user:password@host/name``; None means SQLite in
    ``data_dir``. It may hold a password, so it is only shown with that masked."""

    today: date | None = None
    """The day that plans take for today; None means the visitor's own. To show, or test, a plan some weeks later."""

    max_question_chars: int = Field(default=2000, ge=100, le=100_000)
    """A question beyond this is cut, and the answer says so. Four printed paragraphs."""

    lock_timeout_seconds: float = Field(default=120.0, gt=0)
    """How long a second process waits for the first to finish indexing."""

    assumed_weekly_hours: float = Field(default=10.0, gt=0, le=80)
    """Hours that a "week" of a page is taken to mean when a learner's hours are compared with it. No page
    states them; part-time courses are commonly planned for about ten. Always said beside the result."""


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment and ``overrides``.

    Raises SettingsError naming each variable that has an unusable value.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"COACH_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        )
        raise SettingsError(f"{problems}. Mend or unset the variable and start again.") from error
