"""Any answer as one HTML file: with its evidence, its scores and how it was found, to read, print and pass on.

Comes in: an ``Answer``, which carries its own trace, and where it was made. Goes out: HTML as text, with nothing to
fetch and nothing that runs: its policy forbids both. Everything that people or documents wrote is text on the page and
never markup; the only addresses are those of sources that we checked.

It searches nothing and judges nothing; ``answer.html.j2`` lays out what stands in the trace.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import platform
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coach.answering.bylines import byline
from coach.planning.phrases import day
from coach.reading import Part, parts, sources
from coach.types import (
    AS_SHIPPED,
    Answer,
    ChannelRank,
    Citation,
    Frozen,
    Method,
    Origin,
    Passage,
    Retrieved,
    Status,
    Verdict,
)

CHECKED = frozenset({Origin.RESOURCE, Origin.MARKET, Origin.GLOSSARY})
"""Whose addresses are ours. A pathway or a document of a learner may name any host."""

LIBRARIES = ("chromadb", "sentence-transformers", "bm25s", "numpy")
"""Whose versions an answer can depend on."""

STATUSES = {
    Status.ANSWERED: "Answered from evidence",
    Status.ABSTAINED: "Not covered",
    Status.OFF_TOPIC: "Off topic",
    Status.CONVERSATIONAL: "Small talk, which needs no evidence",
}
SUPPORTS = {"quoted": "quoted", "computed": "computed", "inferred": "inferred"}
STAGES = {
    "understand": "Understanding the question",
    "retrieve": "Searching the knowledge",
    "answer": "Putting the answer together",
    "ground": "Checking every claim",
    "write": "The model's writing, and the check of its sentences",
}
SETTINGS = {
    "dense": "Weight of dense search (meaning of the passage)",
    "keys": "Weight of question keys (meaning of questions it answers)",
    "lexical": "Weight of lexical search (BM25, shared words)",
    "fusion": "Fusion of the channels",
    "distance": "Distance",
    "passages": "Passages that may be used",
    "answer_from": "Answered from this likelihood on",
    "abstain": "Abstains when in doubt",
    "check": "Claims that fail the check are left out",
}

LONGEST = 4000
"""Characters of a question that are shown; a question may have a hundred thousand."""


class Stretch(Frozen):
    """Some characters of a passage in a row, all cited or none."""

    text: str
    cited: bool


class Source(Frozen):
    """A passage, or what is left of it where the knowledge has changed since."""

    anchor: str
    markers: tuple[int, ...]
    path: str
    lines: tuple[tuple[Stretch, ...], ...]
    source: str
    address: str | None
    host: str
    formulas: tuple[str, ...]
    rank: int | None


class Row(Frozen):
    """A line of the ranking."""

    rank: int
    path: str
    passage_id: str
    cited: bool
    dense: ChannelRank | None
    keys: ChannelRank | None
    lexical: ChannelRank | None
    facts: ChannelRank | None
    question: str | None


class Setting(Frozen):
    name: str
    value: str
    usual: str
    changed: bool


class Time(Frozen):
    name: str
    seconds: float
    within: bool
    """True for a step of the stage before it."""


class Said(Frozen):
    """A verdict on a claim of the draft, with the claim's support and formula where it is known."""

    verdict: Verdict
    support: str
    formula: str | None
    shown: bool


def as_html(
    answer: Answer,
    *,
    pathway: str,
    made: datetime,
    encoder: str | None = None,
    earlier: Sequence[str] = (),
    link: str | None = None,
    versions: Mapping[str, str] | None = None,
) -> str:
    """The answer as a complete HTML document.

    ``pathway`` is its name for people, ``made`` when the file was made, ``encoder`` the encoder's digest where it is
    known (the index's fingerprint covers it), ``earlier`` the questions asked before it, ``link`` the part of an
    address that opens it in the Lab (written, not linked: it names no host), ``versions`` those of the program's
    libraries, looked up where they are not given.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters.update(digest=_digest, cut=_cut, milliseconds=_milliseconds)
    found = sources_of(answer)
    return environment.get_template("answer.html.j2").render(
        answer=answer,
        pathway=pathway,
        status=STATUSES[answer.status],
        paragraphs=paragraphs(answer),
        supports=SUPPORTS,
        unnamed=[name for name in answer.missing if name not in answer.text],
        sources=found,
        said_claims=verdicts_of(answer),
        rows=ranking_of(answer),
        settings=settings_of(answer.trace.method),
        changed=answer.trace.method != AS_SHIPPED,
        times=times_of(answer),
        byline="" if answer.trace.generation is None else byline(answer.trace.generation),
        made=f"{day(made.date())}, {made:%H:%M} {made.tzname() or ''}".strip(),
        encoder=encoder,
        earlier=tuple(earlier),
        link=link,
        versions=dict(_versions() if versions is None else versions),
    )


def file_name(question: str) -> str:
    """From letters and digits of the question only, never a path.

    >>> file_name("What's the pay? ../../etc")
    'answer-what-s-the-pay-etc.html'
    >>> file_name("???")
    'answer.html'
    """
    words = re.findall(r"[a-z0-9]+", question.lower())
    return "-".join(["answer", *words])[:60].rstrip("-") + ".html"


# --- What the template is given -------------------------------------------------------------------------


class Paragraph(Frozen):
    parts: tuple[Part, ...]
    list: bool


def paragraphs(answer: Answer) -> tuple[Paragraph, ...]:
    """The answer in the order in which it is read; entries of a list together."""
    made: list[Paragraph] = []
    for part in parts(answer):
        if made and made[-1].list == part.item and (part.item or not part.opens):
            made[-1] = Paragraph(parts=(*made[-1].parts, part), list=part.item)
        else:
            made.append(Paragraph(parts=(part,), list=part.item))
    return tuple(made)


def sources_of(answer: Answer) -> tuple[Source, ...]:
    """What is cited, a passage each, in the order of the markers."""
    cited: dict[str, list[Citation]] = {}
    for citation in sources(answer):
        cited.setdefault(citation.passage_id, []).append(citation)
    held = {found.passage.id: found for found in answer.trace.retrieved}
    return tuple(_source(held.get(id_), citations) for id_, citations in cited.items())


def _source(found: Retrieved | None, citations: Sequence[Citation]) -> Source:
    markers = tuple(sorted({citation.marker for citation in citations}))
    if found is None:
        return Source(
            anchor=f"source-{markers[0]}",
            markers=markers,
            path="",
            lines=tuple((Stretch(text=citation.quote, cited=True),) for citation in citations),
            source=citations[0].source,
            address=None,
            host="",
            formulas=(),
            rank=None,
        )
    passage = found.passage
    address = checked_address(passage)
    spans = [(citation.start, citation.end) for citation in citations]
    formulas = [
        sentence.formula
        for sentence in passage.sentences
        if sentence.formula and any(start < sentence.end and sentence.start < end for start, end in spans)
    ]
    return Source(
        anchor=f"source-{markers[0]}",
        markers=markers,
        path=_path(passage),
        lines=highlighted(passage, citations),
        source=passage.source,
        address=address,
        host=(urlsplit(address).hostname or "").removeprefix("www.") if address else "",
        formulas=tuple(dict.fromkeys(formulas)),
        rank=found.rank,
    )


def highlighted(passage: Passage, citations: Iterable[Citation]) -> tuple[tuple[Stretch, ...], ...]:
    """The passage's text, line by line, cut where a citation begins or ends.

    A quote that does not stand at its offsets, as with a stale index, marks nothing: a mark would be a lie.
    """
    cited = [False] * len(passage.text)
    for citation in citations:
        if passage.text[citation.start : citation.end] == citation.quote:
            cited[citation.start : citation.end] = [True] * len(citation.quote)
    lines = []
    at = 0
    for line in passage.text.split("\n"):
        stretches: list[Stretch] = []
        for offset, letter in enumerate(line):
            now = cited[at + offset]
            if stretches and stretches[-1].cited == now:
                stretches[-1] = Stretch(text=stretches[-1].text + letter, cited=now)
            else:
                stretches.append(Stretch(text=letter, cited=now))
        if stretches:
            lines.append(tuple(stretches))
        at += len(line) + 1
    return tuple(lines)


def checked_address(passage: Passage) -> str | None:
    """The https address of a source that we checked; None for anything else, however it is written."""
    if passage.origin not in CHECKED or passage.url is None:
        return None
    try:
        split = urlsplit(passage.url.strip())
        port = split.port
    except ValueError:
        return None
    plain = re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", split.netloc) and port in (None, 443)
    return split.geturl() if split.scheme == "https" and plain else None


def ranking_of(answer: Answer) -> tuple[Row, ...]:
    used = set(answer.trace.used_passage_ids)
    return tuple(
        Row(
            rank=found.rank,
            path=_path(found.passage),
            passage_id=found.passage.id,
            cited=found.passage.id in used,
            dense=found.dense,
            keys=found.keys,
            lexical=found.lexical,
            facts=found.facts,
            question=found.matched_question,
        )
        for found in answer.trace.retrieved
    )


def verdicts_of(answer: Answer) -> tuple[Said, ...]:
    """Every claim of the draft, and every sentence of a model's, with its verdict, also those that are not shown."""
    made = answer.trace.generation
    verdicts = dict.fromkeys([*answer.trace.verdicts, *(made.struck_out if made else ())])
    shown = {claim.text for claim in answer.claims}
    draft = {claim.text: claim for claim in answer.trace.draft}
    return tuple(
        Said(
            verdict=verdict,
            support=draft[verdict.claim].support.value if verdict.claim in draft else "",
            formula=draft[verdict.claim].formula if verdict.claim in draft else None,
            shown=verdict.claim in shown,
        )
        for verdict in verdicts
    )


def times_of(answer: Answer) -> tuple[Time, ...]:
    """The stages in order, the search in its steps; a question of several parts does those several times."""
    total: dict[str, float] = {}
    for timed in answer.trace.steps:
        total[timed.step] = total.get(timed.step, 0.0) + timed.seconds
    made: list[Time] = []
    for stage in answer.trace.seconds:
        made.append(Time(name=STAGES[stage.stage], seconds=stage.seconds, within=False))
        if stage.stage == "retrieve":
            made += [Time(name=name, seconds=seconds, within=True) for name, seconds in total.items()]
    return tuple(made)


def settings_of(method: Method) -> tuple[Setting, ...]:
    return tuple(
        Setting(
            name=SETTINGS.get(field, field),
            value=_written(getattr(method, field)),
            usual=_written(getattr(AS_SHIPPED, field)),
            changed=getattr(method, field) != getattr(AS_SHIPPED, field),
        )
        for field in Method.model_fields
    )


def _written(value: object) -> str:
    if value is None:
        return "all"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def _path(passage: Passage) -> str:
    """Headings above a passage, without the pathway's own name, which the file says once."""
    return " › ".join(passage.heading_path[1:] or passage.heading_path)


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST:,} more characters)"


def _visible(value: object) -> object:
    """Signs that cannot be seen, by number: they hide text or turn its direction. Markup stays as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "".join(
        f"[U+{ord(sign):04X}]" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") and sign not in "\n\t" else sign
        for sign in value
    )


def _digest(text: str) -> str:
    """For a content security policy: the style of exactly this text and no other."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
