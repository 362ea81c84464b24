"""A learner's own document, as passages beside the pathway's.

Comes in: what was read of a file, line by line. Goes out: passages of origin ``learner``, labelled as the learner's
wherever they are cited. Nobody checked what they say, and whatever they say is text and no order. This module does
not know how files are read, who the learner is, or where documents are kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from coach.knowledge.sentences import sentence_spans
from coach.knowledge.writing import CountPieces, Writer, fit
from coach.types import Frozen, Origin, Passage

FULL_LINE = 55
"""Characters from which a line without a full stop is taken to go on in the next: lines of print have 60 to 80."""

MOST_SENTENCES = 2000
"""Of one document that are read. A handbook of 100 pages has as many; each costs a vector."""

_ENDS = re.compile(r"[.!?:;][\"')\]’”]*$")


class OwnLine(Frozen):
    """A line as it stands in the document."""

    text: str
    heading: str = ""
    """The nearest heading over it; for a heading the one that it belongs under."""
    item: bool = False


class OwnDocument(Frozen):
    """``name`` is shown as the source; it is no path."""

    name: str
    lines: tuple[OwnLine, ...]

    @property
    def id(self) -> str:
        """The same for the same text under the same name."""
        said = "\n".join([self.name, *(f"{line.heading}\t{line.text}" for line in self.lines)])
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def own_passages(
    document: OwnDocument, pathway: str, *, count_pieces: CountPieces, limit: int
) -> tuple[Passage, ...]:
    """Passages of at most ``limit`` word pieces in the order of the document; each sentence is a fact of its own.

    Ids are ``<pathway>#own/<id of the document>/<number>``. Sentences beyond ``MOST_SENTENCES`` are left out.
    """
    passages: list[Passage] = []
    left = MOST_SENTENCES
    for number, (heading, paragraphs) in enumerate(_sections(document.lines), start=1):
        page = Writer(
            pathway=pathway,
            section=f"own/{document.id}/{number}",
            heading_path=tuple(part for part in ("Your document", document.name, heading) if part),
            origin=Origin.LEARNER,
            source=f"Your document: {document.name}",
            names={},
        )
        said: list[int] = []
        for text, item in paragraphs:
            for start, end in sentence_spans(text):
                if left:
                    left -= 1
                    said.append(page.say(text[start:end], item=item))
        if said:
            page.details("own.detail", said)
            passages += fit(page.passage(), count_pieces, limit)
    return tuple(passages)


def of_learner(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """Those of the passages that stand in a learner's own documents: nobody else may see what is made of them."""
    return tuple(passage for passage in passages if passage.origin is Origin.LEARNER)


def _sections(lines: Sequence[OwnLine]) -> Iterator[tuple[str, Iterable[tuple[str, bool]]]]:
    """Headings with the paragraphs under each; a heading's own line says nothing more."""
    for heading, group in groupby(lines, key=lambda line: line.heading):
        own = list(group)
        under = {line.heading for line in lines}
        yield heading, _paragraphs([line for line in own if line.text not in under or line.item])


def _paragraphs(lines: Sequence[OwnLine]) -> Iterator[tuple[str, bool]]:
    """Lines of print put together again, with whether each is an entry of a list."""
    text, item = "", False
    for line in lines:
        goes_on = text and not line.item and not _ENDS.search(text) and (
            len(text.rpartition("\n")[2]) >= FULL_LINE or line.text[:1].islower()
        )
        if goes_on:
            text += f" {line.text}"
            continue
        if text:
            yield text, item
        text, item = line.text, line.item
    if text:
        yield text, item
