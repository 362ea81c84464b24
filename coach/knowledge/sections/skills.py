"""The two sections about skills: those that carry over, and those to learn.

Comes in: a layout. Goes out: the skills with ids, each skill to learn with its priority and its weeks. What a skill
is about, it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.knowledge.amounts import find_span, whole_span
from coach.knowledge.naming import Ids
from coach.knowledge.pages import Layout, Line, Section, heading_key, is_prose, unwrap
from coach.knowledge.pathway import NamedItem, Priority, Skill
from coach.knowledge.sections.notes import Notes, short

_PRIORITIES = {
    "critical": Priority.CRITICAL,
    "important": Priority.IMPORTANT,
    "nice to have": Priority.NICE_TO_HAVE,
}
_OTHER_PRIORITIES = {
    "essential": Priority.CRITICAL,
    "must have": Priority.CRITICAL,
    "high": Priority.CRITICAL,
    "recommended": Priority.IMPORTANT,
    "medium": Priority.IMPORTANT,
    "optional": Priority.NICE_TO_HAVE,
    "low": Priority.NICE_TO_HAVE,
}
_PRIORITY_WORDS = "|".join(word.replace(" ", r"[\s-]") for word in (*_PRIORITIES, *_OTHER_PRIORITIES))
_PRIORITY_LINE = re.compile(
    rf"(?P<word>{_PRIORITY_WORDS})(?:\s+priority)?(?![a-z])[\s:·•|,(–—-]*(?P<rest>.*?)\)?", re.IGNORECASE
)
_GLUED_PRIORITY = re.compile(r"(?P<name>.*[^\sA-Z(])(?P<rest>(?:Critical|Important|Nice[ -]to[ -]have)\s*\(?\d[^.]*)")


def transferable(layout: Layout, notes: Notes) -> tuple[NamedItem, ...]:
    lines = unwrap(layout.sections.get(Section.TRANSFERABLE, ()))
    entries: list[tuple[Line, list[Line]]] = []
    for i, line in enumerate(lines):
        one_line = (
            re.fullmatch(r"(?P<name>[^:–—]{2,60}?)(?::| [–—-]) (?P<text>.+)", line.text) if line.bullet else None
        )
        waits = bool(entries) and not entries[-1][1]
        if one_line:
            entries.append((Line(line.number, one_line["name"]), [Line(line.number, one_line["text"])]))
        elif is_prose(line.text):
            # Prose before the first name is the section's opening sentence, the same on every page.
            if entries:
                entries[-1][1].append(line)
        elif waits and not (i + 1 < len(lines) and is_prose(lines[i + 1].text)):
            entries[-1][1].append(line)  # a description without a full stop
        else:
            entries.append((line, []))
    ids = Ids()
    found = []
    for name_line, description in entries:
        name = notes.phrase(name_line.text, "a skill's name")
        text = " ".join(line.text for line in description)
        if not name:
            continue
        if not text:
            notes.warn(f"Line {name_line.number}: the transferable skill '{name}' has no description")
            text = f"The page names {name} without saying how it carries over"
        found.append(
            NamedItem(id=ids.of(name, "skill"), name=name, text=notes.sentences(text, f"the skill '{name}'"))
        )
    return tuple(found)


def to_learn(layout: Layout, notes: Notes) -> tuple[Skill, ...]:
    lines = _separated_priorities(unwrap(layout.sections.get(Section.SKILLS, ())))
    priorities = {i: read for i, line in enumerate(lines) if (read := _priority(line.text))}
    anchors = list(priorities)
    if lines and not anchors:
        notes.warn(f"No line of '{Section.SKILLS}' holds a priority such as 'Critical4 weeks', so no skill was read")
        notes.spare([line for line in lines if not is_prose(line.text)], Section.SKILLS)
        return ()
    # A name stands right above its priority; prose there is the text of the skill before, and the name is lost.
    named = [at > 0 and at - 1 not in priorities and not is_prose(lines[at - 1].text) for at in anchors]
    ids = Ids()
    found = []
    for k, at in enumerate(anchors):
        name = notes.phrase(lines[at - 1].text, "a skill's name") if named[k] else ""
        end = anchors[k + 1] - named[k + 1] if k + 1 < len(anchors) else len(lines)
        body = list(lines[at + 1 : end])
        if k == 0:
            # The section's opening sentence is the same on every page; other lines are not.
            notes.spare([line for line in lines[: max(at - 1, 0)] if not is_prose(line.text)], Section.SKILLS)
        # A heading below the first line of a skill belongs to none of them.
        stray = next((j for j, line in enumerate(body) if j and not is_prose(line.text)), len(body))
        notes.spare(body[stray:], Section.SKILLS)
        skill = _skill(lines[at], priorities[at], name, body[:stray], ids, notes)
        if skill:
            found.append(skill)
    return tuple(found)


def _skill(
    line: Line, priority: tuple[str, str], name: str, body: Sequence[Line], ids: Ids, notes: Notes
) -> Skill | None:
    word, rest = priority
    if not name:
        notes.warn(f"Line {line.number}: '{line.text}' stands below no name of a skill and was left out")
        return None
    span = whole_span(rest) or (find_span(rest) if rest else None)
    weeks = notes.weeks(span, rest, f"the skill '{name}'")
    if weeks is None:
        what = "; ".join([line.text, *(part.text for part in body)])
        notes.warn(f"Line {line.number}: the skill '{name}' names no weeks and was left out: '{short(what, 300)}'")
        return None
    key = heading_key(word)
    if key in _OTHER_PRIORITIES:
        notes.warn(f"Line {line.number}: the priority '{word}' of '{name}' is read as '{_OTHER_PRIORITIES[key]}'")
    how = " ".join(part.text for part in body)
    if not how:
        notes.warn(f"Line {line.number}: the page does not say how to learn '{name}'")
        how = f"The page does not say how to learn {name}"
    return Skill(
        id=ids.of(name, "skill"),
        name=name,
        priority=_PRIORITIES.get(key) or _OTHER_PRIORITIES[key],
        weeks=weeks,
        how=notes.sentences(how, f"how to learn '{name}'"),
    )


def _priority(text: str) -> tuple[str, str] | None:
    """The word of a priority line and what follows it; None for any other line."""
    if len(text) > 80:
        return None
    match = _PRIORITY_LINE.fullmatch(text.strip(" ()[]"))
    if match is None:
        return None
    rest = match["rest"].strip()
    return (match["word"], rest) if not rest or (len(rest) <= 40 and find_span(rest)) else None


def _separated_priorities(lines: Sequence[Line]) -> list[Line]:
    """A priority glued to a name gets its own line; weeks on a line of their own join their priority."""
    apart: list[Line] = []
    for line in lines:
        glued = _GLUED_PRIORITY.fullmatch(line.text) if len(line.text) <= 200 else None
        before = _priority(apart[-1].text) if apart else None
        if glued and _priority(glued["rest"]):
            apart += [Line(line.number, glued["name"], line.bullet), Line(line.number, glued["rest"])]
        elif before and not before[1] and whole_span(line.text):
            apart[-1] = Line(apart[-1].number, f"{apart[-1].text} {line.text}", apart[-1].bullet)
        else:
            apart.append(line)
    return apart
