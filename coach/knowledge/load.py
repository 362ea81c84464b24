"""Everything under ``knowledge/``, and imported pathways, as typed values.

Comes in: ``Settings``, for the two folders. Goes out: a frozen ``Knowledge``. A row that is not as it should be
is left out and named in ``Knowledge.problems``; the rest is served. It knows which file holds what, and nothing
of passages or answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from coach.errors import KnowledgeError, UnknownPathwayError
from coach.knowledge.glossary import Glossary
from coach.knowledge.malformed import describe, fitting
from coach.knowledge.market import Market
from coach.knowledge.pathway import Pathway
from coach.knowledge.reading import read_yaml
from coach.knowledge.resource import ResourceFile
from coach.knowledge.tables import load_market
from coach.settings import Settings
from coach.types import Frozen

Row = TypeVar("Row")

_IDENTIFIED = ("overview", "transferable", "skills", "actions", "faq")
"""Sections of a pathway whose rows have ids of their own."""


class Knowledge(Frozen):
    """All that the coach knows, as read. Pathways shipped come first, then imported ones, each by file name."""

    pathways: tuple[Pathway, ...] = ()
    resources: tuple[ResourceFile, ...] = ()
    market: Market = Market()
    glossaries: tuple[Glossary, ...] = ()
    problems: tuple[str, ...] = ()
    """What was left out and why, each naming file and field; fit to be shown."""

    def pathway(self, slug: str) -> Pathway:
        """Raises UnknownPathwayError naming those that exist."""
        for pathway in self.pathways:
            if pathway.slug == slug:
                return pathway
        known = ", ".join(pathway.slug for pathway in self.pathways) or "none"
        raise UnknownPathwayError(f"No pathway is called {slug!r}. Known: {known}.")

    def resources_of(self, slug: str) -> ResourceFile | None:
        """The checked resources of a pathway; None where nobody has checked any."""
        return next((file for file in self.resources if file.pathway == slug), None)


def load_pathway(path: Path) -> Pathway:
    """One pathway, whole or not at all.

    Raises KnowledgeError with a line for each thing that is not as it should be.
    """
    data = read_yaml(path, str(path))
    try:
        pathway = Pathway.model_validate(data)
    except ValidationError as error:
        lines = [f"{path}: {describe(detail)}" for detail in error.errors(include_url=False)]
        raise KnowledgeError("\n".join(lines)) from error
    misnamed = _misnamed(pathway, path, str(path))
    if misnamed:
        raise KnowledgeError(misnamed[0])
    return pathway


def load_knowledge(settings: Settings) -> Knowledge:
    """All knowledge files that can be read; never raises for what is in them."""
    problems: list[str] = []
    shipped = settings.knowledge_dir
    market, lines = load_market(shipped / "market", f"{shipped.name}/market")
    problems += lines

    files = [(path, f"{shipped.name}/pathways/{path.name}") for path in _yaml_files(shipped / "pathways", problems)]
    files += [(path, str(path)) for path in _yaml_files(settings.data_dir / "pathways", problems)]
    pathways: dict[str, Pathway] = {}
    shown: dict[str, str] = {}
    for path, name in files:
        pathway = _pathway(path, name, problems)
        if pathway is None:
            continue
        if pathway.slug in pathways:
            first = shown[pathway.slug]
            problems.append(f"{name}: slug: expected one of its own, got {pathway.slug!r} as in {first}, which is kept")
            continue
        pathways[pathway.slug] = pathway
        shown[pathway.slug] = name
    if not pathways:
        problems.append(f"{shipped.name}/pathways: expected a pathway, got none; restore the folder or import a page")

    resources: dict[str, ResourceFile] = {}
    for path in _yaml_files(shipped, problems, "resources*.yaml"):
        name = f"{shipped.name}/{path.name}"
        file = _resources(path, name, pathways, problems)
        if file is not None and file.pathway in resources:
            problems.append(f"{name}: pathway: expected one without a file yet, got {file.pathway!r} again; left out")
        elif file is not None:
            resources[file.pathway] = file

    glossaries = [
        glossary
        for path in _yaml_files(shipped, problems, "glossary*.yaml")
        if (glossary := _glossary(path, f"{shipped.name}/{path.name}", problems)) is not None
    ]

    linked = tuple(
        _linked(pathway, resources.get(slug), market, shown[slug], problems) for slug, pathway in pathways.items()
    )
    return Knowledge(
        pathways=linked,
        resources=tuple(resources.values()),
        market=market,
        glossaries=tuple(glossaries),
        problems=tuple(problems),
    )


def _yaml_files(folder: Path, problems: list[str], pattern: str = "*.yaml") -> list[Path]:
    """In the order of their names, which the order of pathways follows."""
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except OSError as error:
        problems.append(f"{folder}: expected a folder that can be read, got: {error.strerror or error}")
        return []


# --- Pathways -------------------------------------------------------------------------------------------------


def _pathway(path: Path, shown: str, problems: list[str]) -> Pathway | None:
    try:
        data = read_yaml(path, shown)
    except KnowledgeError as error:
        problems.append(str(error))
        return None
    pathway, lines = fitting(Pathway, data, shown, mend=_mend_pathway)
    problems += lines
    if pathway is None:
        problems.append(f"{shown}: the whole pathway is left out; mend the lines above and start again")
    else:
        problems += _misnamed(pathway, path, shown)
    return pathway


def _misnamed(pathway: Pathway, path: Path, shown: str) -> list[str]:
    if pathway.slug == path.stem:
        return []
    return [f"{shown}: slug: expected {path.stem!r} as in the file's name, got {pathway.slug!r}"]


def _mend_pathway(data: dict[str, Any]) -> list[str]:
    """Leave out what keeps a pathway from being consistent as a whole: repeated ids and a roadmap with a gap."""
    lines = []
    for section in _IDENTIFIED:
        rows, again = _first_of_each(data.get(section) or (), lambda row: row.get("id"))
        if again:
            data[section] = rows
            lines += [f"{section}: expected ids that differ, got {id_!r} again; the first is kept" for id_ in again]
    numbers = [phase.get("number") for phase in data.get("phases") or ()]
    if numbers != list(range(1, len(numbers) + 1)):
        got = ", ".join(map(str, numbers))
        # The remaining phases would still add up, to a wrong length.
        lines.append(f"phases: expected numbers 1, 2, 3, ... without a gap, got {got}; the whole roadmap is left out")
        del data["phases"]
    return lines


def _first_of_each(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> tuple[list[Row], list[Hashable]]:
    """The rows without those that repeat a key, and the keys that were repeated."""
    kept: dict[Hashable, Row] = {}
    again = [key(row) for row in rows if kept.setdefault(key(row), row) is not row]
    return list(kept.values()), again


def _linked(pathway: Pathway, file: ResourceFile | None, market: Market, shown: str, problems: list[str]) -> Pathway:
    """The pathway with only such references as lead somewhere."""
    resources = {resource.id for resource in file.resources} if file else set()
    codes = {job.soc for job in market.occupations}
    titles = {row.title for row in market.survey}

    def known(place: str, ids: Sequence[str | None], allowed: set[str], what: str) -> tuple[str, ...]:
        problems.extend(f"{shown}: {place}: expected {what}, got {id_!r}" for id_ in ids if id_ and id_ not in allowed)
        return tuple(id_ for id_ in ids if id_ in allowed)

    def checked(place: str, ids: Sequence[str]) -> tuple[str, ...]:
        return known(f"{place}.resources", ids, resources, "the id of a checked resource")

    skills = [
        skill.model_copy(update={"resources": checked(f"skills[{skill.id}]", skill.resources)})
        for skill in pathway.skills
    ]
    phases = []
    for phase in pathway.phases:
        items = [
            item.model_copy(update={
                "resources": checked(f"phases[{phase.number}].resources[{item.id}]", item.resources)
            })
            for item in phase.resources
        ]
        phases.append(phase.model_copy(update={"resources": tuple(items)}))

    link, code, title = pathway.market, "the code of an occupation in the figures", "a title of the salary survey"
    neighbours = known("market.neighbours", link.neighbours, codes, code)
    link = link.model_copy(update={
        "origin": next(iter(known("market.origin", [link.origin], codes, code)), None),
        "neighbours": neighbours,
        # "Exact" speaks of the first neighbour; without that one it would speak of another.
        "exact": link.exact and neighbours[:1] == link.neighbours[:1],
        "survey_origin": next(iter(known("market.survey_origin", [link.survey_origin], titles, title)), None),
        "survey_target": next(iter(known("market.survey_target", [link.survey_target], titles, title)), None),
    })
    return pathway.model_copy(update={"skills": tuple(skills), "phases": tuple(phases), "market": link})


# --- Resources ------------------------------------------------------------------------------------------------


def _resources(path: Path, shown: str, pathways: Mapping[str, Pathway], problems: list[str]) -> ResourceFile | None:
    try:
        file, lines = fitting(ResourceFile, read_yaml(path, shown), shown)
    except KnowledgeError as error:
        problems.append(str(error))
        return None
    problems += lines
    if file is None:
        problems.append(f"{shown}: the whole file is left out; mend the lines above and start again")
        return None
    pathway = pathways.get(file.pathway)
    if pathway is None:
        problems.append(f"{shown}: pathway: expected the slug of a pathway, got {file.pathway!r}; the file is left out")
        return None

    rows, again = _first_of_each(file.resources, lambda resource: resource.id)
    problems += [f"{shown}: resources: expected ids that differ, got {id_!r} again; the first is kept" for id_ in again]
    targets: dict[str, tuple[set[Any], str]] = {
        "skills": (
            {skill.id for skill in pathway.skills} | {skill.id for skill in pathway.transferable},
            "the id of a skill of the pathway",
        ),
        "phases": ({phase.number for phase in pathway.phases}, "the number of a phase of the pathway"),
        "actions": ({group.id for group in pathway.actions}, "the id of a part of the action plan"),
        "substitutes": ({resource.id for resource in rows}, "the id of a resource in this file"),
    }
    astray: dict[tuple[str, Any], list[str]] = {}
    linked = []
    for resource in rows:
        update = {}
        for field, (allowed, _) in targets.items():
            ids = getattr(resource, field)
            update[field] = tuple(id_ for id_ in ids if id_ in allowed)
            for id_ in dict.fromkeys(id_ for id_ in ids if id_ not in allowed):
                astray.setdefault((field, id_), []).append(resource.id)
        linked.append(resource.model_copy(update=update))
    # One line for each target and not for each reference: a roadmap that is left out is pointed at from all over.
    for (field, id_), sources in astray.items():
        more = f" (and {len(sources) - 1} more like it)" if len(sources) > 1 else ""
        problems.append(f"{shown}: resources[{sources[0]}].{field}: expected {targets[field][1]}, got {id_!r}{more}")
    return file.model_copy(update={"resources": tuple(linked)})


# --- Glossaries -----------------------------------------------------------------------------------------------


def _glossary(path: Path, shown: str, problems: list[str]) -> Glossary | None:
    try:
        glossary, lines = fitting(Glossary, read_yaml(path, shown), shown)
    except KnowledgeError as error:
        problems.append(str(error))
        return None
    problems += lines
    if glossary is None:
        problems.append(f"{shown}: the whole file is left out; mend the lines above and start again")
        return None
    terms, again = _first_of_each(glossary.terms, lambda term: term.id)
    problems += [f"{shown}: terms: expected ids that differ, got {id_!r} again; the first is kept" for id_ in again]
    ids = {term.id for term in terms}
    problems += [
        f"{shown}: terms[{term.id}].related: expected the id of a term in this file, got {id_!r}"
        for term in terms
        for id_ in term.related
        if id_ not in ids
    ]
    linked = [term.model_copy(update={"related": tuple(id_ for id_ in term.related if id_ in ids)}) for term in terms]
    return glossary.model_copy(update={"terms": tuple(linked)})
