"""A report of skills as plain text, both sides of each match under its name.

Comes in: a ``SkillReport``. Goes out: text for a terminal. Quotes of a resume may hold any sign: whoever prints the
text takes control characters away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coach.planning.evidence_values import Part, SkillMatch, SkillReport
from coach.planning.profile import Level

_TITLES = {
    Part.TRANSFERABLE: "Skills that you bring along",
    Part.TO_LEARN: "Skills to learn",
    Part.POSTING: "What the posting asks for",
}


def as_text(report: SkillReport) -> str:
    """Sections in order; without a posting there is none of its own."""
    lines: list[str] = []
    names = {match.id: match.name for match in report.skills}
    for part, title in _TITLES.items():
        matches = [match for match in report.skills if match.section is part]
        if matches:
            shown = sum(match.held for match in matches)
            lines += [f"{title}: {shown} of {len(matches)} shown", *_section(matches, names), ""]
    if any(match.level for match in report.skills):
        lines += ["Levels are guesses from the wording; only you can confirm them.", ""]
    lines += [f"Note: {notice}" for notice in report.notices]
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(matches: Iterable[SkillMatch], names: dict[str, str]) -> Iterator[str]:
    for match in matches:
        level = f", {_LEVELS[match.level]}" if match.level else ""
        yield f"  {'yes' if match.held else 'no '}  {match.name}{level}"
        if match.resume_quote:
            yield f"         line {match.resume_line} of the resume: {match.resume_quote}"
        if match.posting_quote:
            yield f"         line {match.posting_line} of the posting: {match.posting_quote}"
        if match.section is Part.POSTING:
            yield f"         {_covered(match, names)}"
        elif match.held and match.pathway_quote:
            yield f"         the guide, {match.passage_id}: {match.pathway_quote}"


def _covered(match: SkillMatch, names: dict[str, str]) -> str:
    phases = ""
    if match.when is not None and match.when.phases:
        phases = f", in phase {' and '.join(str(number) for number in match.when.phases)}"
    if match.covered_by is None:
        if match.when is None:
            return "the guide does not cover it"
        return f"no skill of the guide, and used on the way{phases}: {match.pathway_quote}"
    name = names.get(match.covered_by, match.covered_by)
    if match.when is None:
        return f"carries over with: {name}"
    return f"taught with: {name}, {match.when.weeks} weeks{phases}"


_LEVELS = {
    Level.BASIC: "basic by the look of it",
    Level.SOLID: "solid by the look of it",
    Level.STRONG: "strong by the look of it",
}
