"""Two answers to one question held against each other: what one says, ranks and passes that the other does not.

Comes in: the old and the new ``Worked``. Goes out: ``Differences``, frozen. It computes no answer, draws nothing and
does not know what was changed between the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from coach.lab.places import title
from coach.pipeline import Worked
from coach.reading import parts
from coach.types import Answer, Frozen, Passage, Status, Verdict

ALIKE = 0.5
"""Share of words in common from which two sentences count as one that has changed: "at around $130,000" became "at
around $140,000" and was not taken out and another put in."""

FIRST = 10
"""Ranks that are compared; what is further down is hardly read by anybody."""

_WORD = re.compile(r"\S+\s*")


class Change(StrEnum):
    KEPT = "kept"
    CHANGED = "changed"
    GONE = "gone"
    NEW = "new"


class Piece(Frozen):
    """A stretch of a sentence; ``KEPT``, or ``GONE`` on the old side, or ``NEW`` on the new one."""

    text: str
    change: Change


class SentenceChange(Frozen):
    """A sentence of either answer. What was only moved is kept."""

    change: Change
    old: str | None = None
    new: str | None = None
    old_pieces: tuple[Piece, ...] = ()
    new_pieces: tuple[Piece, ...] = ()


class Movement(StrEnum):
    ROSE = "rose"
    FELL = "fell"
    CAME = "came"
    WENT = "went"
    STAYED = "stayed"


class Move(Frozen):
    """Where a passage stood and stands; None where it is beyond the first ranks, or not there at all."""

    passage_id: str
    title: str
    old: int | None
    new: int | None
    movement: Movement


class RankingChange(Frozen):
    """The fused ranking of one part of the question, by new ranks; what went comes last, by old ranks."""

    asked: str
    moves: tuple[Move, ...]

    @property
    def moved(self) -> tuple[Move, ...]:
        return tuple(move for move in self.moves if move.movement is not Movement.STAYED)


class VerdictChange(Frozen):
    """What the check said of a claim then and now; None where the claim was not drafted."""

    claim: str
    old: Verdict | None
    new: Verdict | None
    old_shown: bool
    new_shown: bool


class Differences(Frozen):
    old_status: Status
    new_status: Status
    sentences: tuple[SentenceChange, ...]
    """Those of the new answer in its order, those that are gone where they stood."""
    rankings: tuple[RankingChange, ...]
    verdicts: tuple[VerdictChange, ...]
    """Of claims whose verdict, or whose being shown, is not the same."""
    no_longer_missing: tuple[str, ...]
    newly_missing: tuple[str, ...]

    @property
    def same_answer(self) -> bool:
        return self.old_status is self.new_status and all(one.change is Change.KEPT for one in self.sentences)

    @property
    def nothing(self) -> bool:
        """Nothing at all is different."""
        return self.same_answer and not self.verdicts and not any(ranking.moved for ranking in self.rankings)

    def of(self, change: Change) -> tuple[SentenceChange, ...]:
        return tuple(one for one in self.sentences if one.change is change)


def compare(old: Worked, new: Worked, *, first: int = FIRST) -> Differences:
    """What is different between two answers to the same question."""
    before, after = old.answer, new.answer
    return Differences(
        old_status=before.status,
        new_status=after.status,
        sentences=sentence_changes([part.text for part in parts(before)], [part.text for part in parts(after)]),
        rankings=_rankings(old, new, first),
        verdicts=_verdicts(before, after),
        no_longer_missing=tuple(name for name in before.missing if name not in after.missing),
        newly_missing=tuple(name for name in after.missing if name not in before.missing),
    )


# --- Sentences ----------------------------------------------------------------------------------------------


def sentence_changes(old: Sequence[str], new: Sequence[str]) -> tuple[SentenceChange, ...]:
    """Every sentence once: the new ones in order, and before each what is gone of the old ones up to there.

    >>> [(one.change.value, one.old, one.new) for one in sentence_changes(["a b c.", "x."], ["a b d.", "y z."])]
    [('changed', 'a b c.', 'a b d.'), ('gone', 'x.', None), ('new', None, 'y z.')]
    """
    partner = _paired(old, new)
    taken = set(partner.values())
    found: list[SentenceChange] = []
    written = 0
    for at, sentence in enumerate(new):
        if at not in partner:
            continue
        # What is gone comes before the next sentence that both have.
        upto = partner[at]
        found += [_gone(old[was]) for was in range(written, upto) if was not in taken]
        written = max(written, upto + 1)
        found += [_new(new[now]) for now in _just_before(at, partner)]
        found.append(_both(old[upto], sentence))
    found += [_gone(old[was]) for was in range(written, len(old)) if was not in taken]
    last = max(partner, default=-1)
    found += [_new(new[now]) for now in range(last + 1, len(new))]
    return tuple(found)


def _just_before(at: int, partner: dict[int, int]) -> range:
    """Places of the new sentences between this one and the one before it that both answers have."""
    start = max((now for now in partner if now < at), default=-1) + 1
    return range(start, at)


def _paired(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """By place in the new answer the place of the same sentence in the old one: equal ones first, then the most alike.
    Ties go to the earlier."""
    pairs: dict[int, int] = {}
    left = list(range(len(old)))
    for at, sentence in enumerate(new):
        same = next((was for was in left if old[was] == sentence), None)
        if same is not None:
            pairs[at] = same
            left.remove(same)
    alike = sorted(
        (-share, at, was)
        for at in range(len(new))
        if at not in pairs
        for was in left
        if (share := _alike(old[was], new[at])) >= ALIKE
    )
    for _, at, was in alike:
        if at not in pairs and was in left:
            pairs[at] = was
            left.remove(was)
    return pairs


def _alike(old: str, new: str) -> float:
    return SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio()


def _gone(text: str) -> SentenceChange:
    return SentenceChange(change=Change.GONE, old=text, old_pieces=(Piece(text=text, change=Change.GONE),))


def _new(text: str) -> SentenceChange:
    return SentenceChange(change=Change.NEW, new=text, new_pieces=(Piece(text=text, change=Change.NEW),))


def _both(old: str, new: str) -> SentenceChange:
    if old == new:
        kept = (Piece(text=old, change=Change.KEPT),)
        return SentenceChange(change=Change.KEPT, old=old, new=new, old_pieces=kept, new_pieces=kept)
    left, right = pieces(old, new)
    return SentenceChange(change=Change.CHANGED, old=old, new=new, old_pieces=left, new_pieces=right)


def pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts cut where their words differ; joined again, the pieces of a side are its text.

    >>> [[(piece.text, piece.change.value) for piece in side] for side in pieces("It pays $5.", "It pays $6.")]
    [[('It pays ', 'kept'), ('$5.', 'gone')], [('It pays ', 'kept'), ('$6.', 'new')]]
    """
    words = _WORD.findall(old.strip()), _WORD.findall(new.strip())
    old_words, new_words = ([word.strip() for word in side] for side in words)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old_words, new_words, autojunk=False).get_opcodes():
        same = kind == "equal"
        if a < b:
            left.append(Piece(text="".join(words[0][a:b]), change=Change.KEPT if same else Change.GONE))
        if c < d:
            right.append(Piece(text="".join(words[1][c:d]), change=Change.KEPT if same else Change.NEW))
    return tuple(left), tuple(right)


# --- Rankings -----------------------------------------------------------------------------------------------


def _rankings(old: Worked, new: Worked, first: int) -> tuple[RankingChange, ...]:
    """Part by part; a part that only one of them has is left out, as there is nothing to hold it against."""
    found = []
    for query, before, after in zip(new.queries, old.evidence, new.evidence, strict=False):
        was = [entry.passage for entry in before.found.ranking]
        now = [entry.passage for entry in after.found.ranking]
        found.append(RankingChange(asked=query.standalone, moves=moves(was, now, first=first)))
    return tuple(found)


def moves(old: Sequence[Passage], new: Sequence[Passage], *, first: int = FIRST) -> tuple[Move, ...]:
    """Passages among the ``first`` of either ranking, in the order of the new one, then those that went."""
    was = {passage.id: rank for rank, passage in enumerate(old[:first], start=1)}
    now = {passage.id: rank for rank, passage in enumerate(new[:first], start=1)}
    passages = {passage.id: passage for passage in (*old[:first], *new[:first])}
    order = [*now, *(id_ for id_ in was if id_ not in now)]
    return tuple(
        Move(
            passage_id=id_,
            title=title(passages[id_]),
            old=was.get(id_),
            new=now.get(id_),
            movement=_movement(was.get(id_), now.get(id_)),
        )
        for id_ in order
    )


def _movement(old: int | None, new: int | None) -> Movement:
    if old is None:
        return Movement.CAME
    if new is None:
        return Movement.WENT
    if old == new:
        return Movement.STAYED
    return Movement.ROSE if new < old else Movement.FELL


# --- Verdicts -----------------------------------------------------------------------------------------------


def _verdicts(old: Answer, new: Answer) -> tuple[VerdictChange, ...]:
    was = {verdict.claim: verdict for verdict in old.trace.verdicts}
    now = {verdict.claim: verdict for verdict in new.trace.verdicts}
    shown_then, shown_now = ({claim.text for claim in answer.claims} for answer in (old, new))
    changes = [
        VerdictChange(
            claim=claim,
            old=was.get(claim),
            new=now.get(claim),
            old_shown=claim in shown_then,
            new_shown=claim in shown_now,
        )
        for claim in dict.fromkeys([*now, *was])
    ]
    return tuple(
        one
        for one in changes
        if (one.old and one.old.supported) != (one.new and one.new.supported) or one.old_shown != one.new_shown
    )
