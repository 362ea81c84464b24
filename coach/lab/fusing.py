"""Where the place of a passage in the fused ranking comes from.

Comes in: what a search found and the method it was made by. Goes out: for each passage what every channel added to its
score, how far that moved it, and why in one sentence. The sums are taken by ``hybrid`` itself, one channel at a time;
it knows no questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coach.knowledge.wording import listed
from coach.lab.places import place, title
from coach.lab.walk import Contribution, Fused
from coach.retrieval import hybrid
from coach.retrieval.index import SearchResult
from coach.types import ChannelRank, Method, Retrieved

CHANNELS = {"dense": "meaning", "keys": "question keys", "lexical": "words"}
"""In plain words, as sentences name them."""

SHOWN = 8
"""Passages at the top of the fused ranking."""

NEAR_THE_TOP = 3
"""What a channel put here and the fused ranking not among the shown ones is shown as fallen."""


def contributions(ranking: Sequence[Retrieved], method: Method) -> dict[str, tuple[Contribution, ...]]:
    """By passage id, what each channel added to its fused score; ``ranking`` has all passages.

    Fusing is a sum over channels, so each channel's part is what ``hybrid`` gives when it is fused alone. The parts of
    a passage add up to its score, but for the rounding of each.
    """
    alone: dict[str, Mapping[str, float]] = {}
    standing: dict[str, Mapping[str, float]] = {}
    for channel, weight in method.weights.items():
        scores = _scores(ranking, channel)
        if method.fusion == "z_scores":
            filled = {entry.passage.id: min(scores.values(), default=0.0) for entry in ranking} | scores
            alone[channel] = dict(hybrid.fuse_z_scores({channel: filled}, {channel: weight}))
            standing[channel] = dict(hybrid.fuse_z_scores({channel: filled}, {channel: 1.0}))
        else:
            alone[channel] = dict(hybrid.fuse_reciprocal_ranks({channel: scores}, {channel: weight}))
    return {
        entry.passage.id: tuple(
            Contribution(
                channel=channel,
                rank=there.rank if (there := _rank(entry, channel)) else None,
                z=standing[channel].get(entry.passage.id, 0.0) if channel in standing else None,
                weight=method.weights[channel],
                adds=alone[channel].get(entry.passage.id, 0.0),
                moved=there.rank - entry.rank if there else None,
            )
            for channel in CHANNELS
        )
        for entry in ranking
    }


def fused(found: SearchResult, method: Method) -> tuple[tuple[Fused, ...], tuple[Fused, ...]]:
    """The top of the ranking, and what a channel had near its top and the fused ranking has not."""
    adds = contributions(found.ranking, method)

    def told(entry: Retrieved) -> Fused:
        return Fused(
            place=place(entry.passage),
            rank=entry.rank,
            score=entry.score,
            contributions=adds[entry.passage.id],
            why=_why(entry, found.ranking, adds),
        )

    fell = [
        entry
        for entry in found.ranking[SHOWN:]
        if any(
            (there := _rank(entry, channel)) is not None and there.rank <= NEAR_THE_TOP and method.weights[channel]
            for channel in CHANNELS
        )
    ]
    return tuple(map(told, found.ranking[:SHOWN])), tuple(map(told, fell))


def _scores(ranking: Sequence[Retrieved], channel: str) -> dict[str, float]:
    """As the channel gave them: words give every passage a score, 0 where none is shared, which then has no rank."""
    return {
        entry.passage.id: there.score if there else 0.0
        for entry in ranking
        if (there := _rank(entry, channel)) or channel == "lexical"
    }


def _rank(entry: Retrieved, channel: str) -> ChannelRank | None:
    return {"dense": entry.dense, "keys": entry.keys, "lexical": entry.lexical}[channel]


def _why(entry: Retrieved, ranking: Sequence[Retrieved], adds: Mapping[str, tuple[Contribution, ...]]) -> str:
    """Who lifted it, and what overtook it by what, in a sentence each."""
    counted = [one for one in adds[entry.passage.id] if one.weight]
    if not counted:
        return "No channel counts, so the order is that of the names of the passages."
    most = max(counted, key=lambda one: one.adds)
    lifted = f"{CHANNELS[most.channel]} {_verb(most)} most, {_amount(most)} of {_score(entry.score, most)}."
    up = [one for one in counted if one.moved is not None and one.moved > 0]
    down = [one for one in counted if one.moved is not None and one.moved < 0]
    parts = [f"Up from {_ranks(up)}: {lifted}"] if up else []
    if down:
        parts.append(f"Down from {_ranks(down)}: {_overtaken(entry, min(down, key=_moved), ranking, adds)}")
    if not parts:
        parts.append(f"In the same place wherever it is listed: {lifted}")
    absent = [CHANNELS[one.channel] for one in counted if one.rank is None]
    if absent:
        parts.append(f"Not found by {listed(absent)}.")
    return " ".join(parts)


def _overtaken(
    entry: Retrieved, fall: Contribution, ranking: Sequence[Retrieved], adds: Mapping[str, tuple[Contribution, ...]]
) -> str:
    """The first of those that stood behind it in the channel of its fall and stand before it now, and by what."""
    first = next(
        other
        for other in ranking
        if (there := _rank(other, fall.channel)) is None or fall.rank is None or there.rank > fall.rank
    )
    pairs = zip(adds[first.passage.id], adds[entry.passage.id], strict=True)
    theirs, mine = max(pairs, key=lambda pair: pair[0].adds - pair[1].adds)
    named = f'"{title(first.passage)}" overtakes it by {CHANNELS[theirs.channel]}'
    return f"{named}, {_amount(theirs)} against {_amount(mine)}."


def _moved(one: Contribution) -> int:
    return one.moved or 0


def _ranks(moved: Sequence[Contribution]) -> str:
    return listed([f"{one.rank} by {CHANNELS[one.channel]}" for one in moved])


def _verb(one: Contribution) -> str:
    return "adds" if one.channel == "dense" else "add"


def _amount(one: Contribution) -> str:
    return f"{one.adds:+.{_digits(one)}f}"


def _score(score: float, one: Contribution) -> str:
    return f"{score:.{_digits(one)}f}"


def _digits(one: Contribution) -> int:
    return 2 if one.z is not None else 4
