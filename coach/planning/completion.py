"""How to know that a step is done, as a check that the learner can make alone.

Comes in: what a step is about (a resource of a kind, a task or action in the guide's words, how a skill is learnt).
Goes out: a sentence that begins with "You". It knows the imperatives of English and kinds of resources, but no pathway,
and states nothing of a resource that its own fields do not say.

A task or an action names its own deliverable: "Publish three modules" is done when "You have published three modules".
What is added is the proof that goes with such a verb. A text that begins with no verb known here is repeated as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from coach.knowledge.resource import Resource

# --- Resources --------------------------------------------------------------------------------------------------

_KINDS = (
    ("course", "Work through {name}"),
    ("certif", "Prepare for {name}"),
    ("tool", "Practise with {name}"),
    ("platform", "Practise with {name}"),
    ("book", "Read {name}"),
    ("paper", "Read {name}"),
    ("doc", "Work through {name}"),
    ("tutorial", "Work through {name}"),
    ("article", "Read {name}"),
    ("video", "Watch {name}"),
    ("communit", "Join {name}"),
    ("group", "Join {name}"),
)
"""Words of kinds, the first that fits, with what to do. Interfaces and whatever else there is are taken for tools."""

_NO_CERTIFICATE = re.compile(r"\b(?:without a|no) certificate\b")


def to_do(resource: Resource) -> str:
    """What to do with a resource, without a full stop."""
    _, said = next((entry for entry in _KINDS if entry[0] in resource.kind.lower()), _KINDS[2])
    return said.format(name=resource.name)


def is_once(resource: Resource) -> bool:
    """Whether it is worked through and then done, unlike a tool that is practised with again and again."""
    kind = resource.kind.lower()
    return next((word for word, _ in _KINDS if word in kind), "tool") in ("course", "certif", "book")


def resource_done(resource: Resource, skill: str | None = None) -> str:
    """``skill`` is the name of what it is to teach."""
    kind, name, aim = resource.kind.lower(), resource.name, f" to practise {skill}" if skill else ""
    word = next((word for word, _ in _KINDS if word in kind), "tool")
    if word == "course" and "certif" in kind:
        return f"You have finished {name} and hold its certificate."
    if word == "course":
        taught = f"what it taught you about {skill}" if skill else "what it taught you"
        if _has_none(resource):
            return f"You can name the last unit of {name} and {taught}."
        return f"You can show a certificate of {name}, if it gives one, or name its last unit and {taught}."
    if word == "certif":
        return f"You have passed {name} and can show the result."
    if word == "book":
        about = f" on {skill}" if skill else ""
        return f"You have read what {name} has{about} and can say in three sentences what it taught you."
    if word == "paper":
        which = f"each paper that you picked from {name}" if "set" in kind else name
        return f"You can explain the main idea of {which} in five sentences without looking at it."
    if word == "doc" and "page" in kind:
        return f"You have followed {name} to its last step and seen the result on your own screen."
    if word in ("doc", "tutorial"):
        return f"You have run an example from {name} yourself and changed it so that it does something else."
    if word == "article":
        return f"You can say in three sentences what {name} adds to what you knew{f' of {skill}' if skill else ''}."
    if word == "video":
        return f"You have watched {name} and noted one thing from it to try."
    if word in ("communit", "group"):
        return f"You are a member of {name} and have asked or answered one question there."
    if word == "platform":
        return f"You have done one thing of your own on {name}{aim} and could show the result."
    return f"You have made something of your own with {name}{aim} and can start it again from your notes."


def _has_none(resource: Resource) -> bool:
    return bool(_NO_CERTIFICATE.search(f"{resource.cost or ''} {resource.about}"))


# --- Verbs ------------------------------------------------------------------------------------------------------


class _Proof(Enum):
    """What shows that something of its kind was done."""

    MADE = auto()
    RUNS = auto()
    CHANGED = auto()
    MEASURED = auto()
    STUDIED = auto()
    READ = auto()
    WATCHED = auto()
    LEARNT = auto()
    PRACTISED = auto()
    JOINED = auto()
    MET = auto()
    APPLIED = auto()
    CERTIFIED = auto()
    PUBLISHED = auto()
    SIGNED_IN = auto()
    FETCHED = auto()
    CHOSEN = auto()
    GATHERED = auto()
    KEPT = auto()


_ONE = {
    _Proof.MADE: "and somebody else could open the result",
    _Proof.RUNS: "and can start everything again from your own notes",
    _Proof.CHANGED: "and can show what was there before and what is there now",
    _Proof.MEASURED: "and have written down what came out",
    _Proof.STUDIED: "and can say what the last part was about",
    _Proof.READ: "and can say in three sentences what was new to you",
    _Proof.WATCHED: "and have noted one thing to try",
    _Proof.LEARNT: "and can explain it without looking it up",
    _Proof.PRACTISED: "and have done all of it once without looking anything up",
    _Proof.JOINED: "and have asked or answered one question there",
    _Proof.MET: "and have noted the day and what came of it",
    _Proof.APPLIED: "and have a list of where and on which day",
    _Proof.CERTIFIED: "and can show the certificate or the result",
    _Proof.PUBLISHED: "and have seen the result there as a visitor would",
    _Proof.SIGNED_IN: "and have signed in to it once",
    _Proof.FETCHED: "and have opened it once",
    _Proof.CHOSEN: "and have written down why this and no other",
    _Proof.GATHERED: "and have all of it in one place",
}

_EACH = {
    _Proof.MADE: "and could open {each} for somebody else",
    _Proof.RUNS: "and can start {each} again from your own notes",
    _Proof.CHANGED: "and can show {each} before and after",
    _Proof.MEASURED: "and have written down what came out of {each}",
    _Proof.STUDIED: "and can say what {each} was about",
    _Proof.READ: "and have a sentence of your own on {each}",
    _Proof.WATCHED: "and have noted one thing to try from {each}",
    _Proof.LEARNT: "and can explain {each} without looking it up",
    _Proof.PRACTISED: "and have done {each} once without looking anything up",
    _Proof.JOINED: "and have asked or answered one question in {each}",
    _Proof.MET: "and have noted the day and what came of {each}",
    _Proof.APPLIED: "and have the day of {each} in a list",
    _Proof.PUBLISHED: "and have seen {each} there as a visitor would",
    _Proof.GATHERED: "and can count {each} in one place",
}
"""The same where the text says how many."""

_OF_VERB = {
    verb: proof
    for proof, verbs in (
        (
            _Proof.MADE,
            "build, create, design, develop, document, draft, draw, export, forecast, generate, make, model, outline, "
            "plan, prepare, produce, program, prototype, put together, record, script, sketch, start, storyboard, "
            "summarize, summarise, translate, write",
        ),
        (
            _Proof.RUNS,
            "automate, bring up, code, configure, connect, deploy, get running, host, implement, install, integrate, "
            "launch, run, set up, spin up, train, use",
        ),
        (
            _Proof.CHANGED,
            "clean up, convert, customize, edit, fix, improve, migrate, move, optimize, optimise, polish, rebuild, "
            "redesign, redraw, refactor, refine, reduce, rework, revise, rewrite, save, tune, turn, update",
        ),
        (
            _Proof.MEASURED,
            "analyse, analyze, assess, benchmark, calculate, check, compare, debug, evaluate, experiment, measure, "
            "monitor, query, review, see, test, track, try",
        ),
        (_Proof.STUDIED, "complete, enroll in, enrol in, finish, follow, go through, study, take, work through"),
        (_Proof.READ, "explore, look at, read, read up on, research"),
        (_Proof.WATCHED, "listen to, watch"),
        (_Proof.LEARNT, "learn, memorise, memorize, review, understand"),
        (_Proof.PRACTISED, "get into, master, practice, practise, rehearse, solve, teach"),
        (_Proof.JOINED, "join, participate in, start networking"),
        (
            _Proof.MET,
            "ask, attend, call, contact, deliver, go to, hold, interview, introduce, lead, meet, mentor, network, "
            "present, reach out to, shadow, speak, take part in, talk, tell, visit, volunteer",
        ),
        (_Proof.APPLIED, "apply, send, send out, submit"),
        (_Proof.CERTIFIED, "earn, obtain, pass, sit"),
        (_Proof.PUBLISHED, "add, contribute, post, publish, put, release, share, show, showcase, upload"),
        (_Proof.SIGNED_IN, "open, register, sign up, subscribe to"),
        (_Proof.FETCHED, "buy, download, get, order"),
        (_Proof.CHOSEN, "choose, decide, define, find, identify, pick, select, set"),
        (_Proof.GATHERED, "collect, compile, gather, list"),
        (_Proof.KEPT, "do, give, keep, note, note down, write down"),
    )
    for verb in verbs.split(", ")
}

_IRREGULAR = dict(
    pair.split()
    for pair in (
        "bring brought, build built, buy bought, choose chosen, debug debugged, do done, draw drawn, enrol enrolled, "
        "find found, get got, give given, go gone, hold held, keep kept, lead led, learn learnt, make made, meet met, "
        "model modelled, plan planned, program programmed, put put, read read, rebuild rebuilt, redraw redrawn, "
        "rewrite rewritten, run run, see seen, send sent, set set, show shown, sit sat, speak spoken, spin spun, "
        "submit submitted, take taken, teach taught, tell told, understand understood, write written"
    ).split(", ")
)

_NOUNS_AS_WELL = frozenset(
    "call check code design document draft edit experiment forecast host list model note order outline plan post "
    "practice present process program query record release research review script set share sketch study test track "
    "train try turn update use visit work".split()
)
"""After "and" a verb only where what follows could not follow a noun: "plan and design", "plan and test it"."""

_BEGINS_AN_OBJECT = frozenset(
    "a an the it them this that these those your my one two three four five six seven eight nine ten at least how "
    "what where which whether each every all".split()
)

_SUBORDINATE = re.compile(r"\b(?:that|which|who|how|what|where)\b", re.IGNORECASE)
_STUDY = re.compile(
    r"\b(?:class|course|exercise|lesson|path|program|programme|series|specialization|training|tutorial|unit|workshop)s?\b",
    re.IGNORECASE,
)
_CERTIFICATE = re.compile(r"\b(?:certif|exam\b|exams\b|licen[cs]e|diploma|accredit)", re.IGNORECASE)
_ACCOUNT = re.compile(r"\baccount\b|\bfree trial\b", re.IGNORECASE)
_OBJECT_ENDS = re.compile(
    r",|\s(?:about|and|as|at|by|for|from|in|into|like|of|on|that|through|to|using|with)\s", re.IGNORECASE
)
_QUOTED = re.compile(r"(?<!\w)['\"‘“][^'\"’”]*['\"’”](?!\w)")

_COUNTS = dict(zip("two three four five six seven eight nine ten eleven twelve twenty".split(),
                   (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20), strict=True))  # fmt: skip
_UNITS = re.compile(r"(?:second|minute|hour|day|week|month|quarter|year|percent|times)s?$|%")


@dataclass(frozen=True)
class Part:
    """One thing that a text asks to do: "interview two stakeholders"."""

    text: str
    """Word for word, with what joins it to the part before: " and write a needs analysis"."""
    at: int
    """Where its verb begins in ``text``."""
    verb: str


def parts(text: str) -> tuple[Part, ...]:
    """What a text in the imperative asks to do, one by one; empty where it does not begin with a verb known here.

    >>> [part.verb for part in parts("Interview two buyers and write a report")], parts("Weekly reports")
    (['interview', 'write'], ())
    """
    plain = _QUOTED.sub(lambda found: "\0" * len(found[0]), text)
    starts: list[tuple[int, str]] = []
    for word in re.finditer(r"[A-Za-z][\w'-]*", plain):
        at = word.start()
        verb = _verb_at(plain, at)
        if not starts:
            if at or verb is None:
                return ()
            starts.append((0, verb))
            continue
        between = plain[starts[-1][0] : at]
        joined = re.search(r"(?:,| and| then| or|:)\s+$", between)
        if verb is None or not joined or not word[0][0].islower() or not _is_verb_here(plain, word.end(), verb):
            continue
        infinitive = any(_verb_at(between, found.end()) for found in re.finditer(r"\bto\s+", between))
        if infinitive or joined[0].strip() != ":" and _SUBORDINATE.search(between):
            continue
        starts.append((at, verb))
    if not starts:
        return ()
    ends = [_joint(plain, start) for start, _ in starts[1:]] + [len(text)]
    begins = [0, *ends[:-1]]
    return tuple(
        Part(text[begin:end], start - begin, verb)
        for begin, end, (start, verb) in zip(begins, ends, starts, strict=True)
    )


def _joint(plain: str, start: int) -> int:
    """Where the words begin that join a part to the one before it."""
    found = re.search(r"(?:,?\s+(?:and|or)\s+(?:then\s+)?|,\s+(?:then\s+)?|:\s+|\s+then\s+)$", plain[:start])
    return found.start() if found else start


def _verb_at(plain: str, at: int) -> str | None:
    """The longest verb known here that stands at a place: "set up" rather than "set"."""
    words = re.findall(r"[A-Za-z]+", plain[at : at + 60])[:3]
    for size in range(len(words), 0, -1):
        verb = " ".join(words[:size]).lower()
        if verb in _OF_VERB and re.match(rf"{re.escape(verb)}\b", plain[at:], re.IGNORECASE):
            return verb
    return None


def _is_verb_here(plain: str, end: int, verb: str) -> bool:
    if " " in verb or verb not in _NOUNS_AS_WELL:
        return True
    following = re.match(r"\s+([A-Za-z]+|\d+)", plain[end:])
    return bool(following and (following[1].lower() in _BEGINS_AN_OBJECT or following[1].isdigit()))


def text_done(text: str) -> str:
    """A task or an action done, with its proof.

    >>> text_done("Interview two buyers and write a report")
    'You have interviewed two buyers and written a report, and somebody else could open the result.'
    >>> text_done("Apply to ten roles")
    'You have applied to ten roles, and have the day of each of the ten in a list.'
    >>> text_done("Weekly reports")
    'You have done what the guide names here, “Weekly reports”, and noted when and with what result.'
    """
    found = parts(text)
    return parts_done(found) if found else (
        f"You have done what the guide names here, “{text}”, and noted when and with what result."
    )  # fmt: skip


def item_done(text: str, instead: Mapping[int, Sequence[tuple[str, Resource]]]) -> str:
    """``text_done`` where something that the text names could not be found and is replaced.

    ``instead`` has, by the number of the part that names them, the names with what stands in for them; without one of
    that number a text counts as one part. What is left of the text is asked for as well.
    """
    found = parts(text)
    said = []
    for number, pairs in instead.items():
        whole = found[number].text if number < len(found) else text
        one = [f"{resource_done(resource).removesuffix('.')}, in place of {name}" for name, resource in pairs]
        first, *rest = one
        joint = "or" if re.search(r"\bor\b", whole) else "and"
        said.append("; ".join([first, *(f"{joint} {other[:1].lower()}{other[1:]}" for other in rest)]) + ".")
    left = [part for number, part in enumerate(found) if number not in instead]
    if left or not said:
        said.append(parts_done(left) if left else text_done(text))
    return " ".join(said)


def parts_done(found: Sequence[Part]) -> str:
    said = "".join(_perfect(part) for part in found)
    said = re.sub(r"^(?:,|:)?\s*(?:and|or|then)?\s*", "", said)
    proofs = [(part, proof) for part in found if (proof := _proof(part)) is not _Proof.KEPT]
    if not proofs:
        return f"You have {said}, and can put your hand on it."
    part, proof = proofs[-1]
    counted = _count(part.text)
    if counted and proof in _EACH:
        return f"You have {said}, {_EACH[proof].format(each=counted)}."
    return f"You have {said}, {_ONE[proof]}."


def _perfect(part: Part) -> str:
    before, rest = part.text[: part.at], part.text[part.at :]
    verb = part.verb.split()[0]
    return f"{before}{_participle(verb)}{rest[len(verb) :]}"


def _participle(verb: str) -> str:
    """
    >>> [_participle(verb) for verb in ("publish", "use", "apply", "deploy", "write", "follow")]
    ['published', 'used', 'applied', 'deployed', 'written', 'followed']
    """
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def _proof(part: Part) -> _Proof:
    """The kind of the verb, or of what it is about where the verb leaves that open: finish a course, finish an app."""
    rest = part.text[part.at + len(part.verb) :]
    about = re.split(_OBJECT_ENDS, f"{rest} ", maxsplit=1)[0]
    proof = _OF_VERB[part.verb]
    if part.verb in ("get", "take", "finish", "complete", "sit") and _CERTIFICATE.search(about):
        return _Proof.CERTIFIED
    if part.verb == "apply" and not re.search(r"^\s*(?:again )?(?:to|for|at|with)\b", rest):
        return _Proof.PRACTISED
    if part.verb in ("create", "make", "get", "start") and _ACCOUNT.search(about):
        return _Proof.SIGNED_IN
    if part.verb in ("finish", "complete") and not _STUDY.search(about):
        return _Proof.MADE
    if part.verb == "get" and re.search(r"\b(?:running|working|to run|to work)$", rest.rstrip()):
        return _Proof.RUNS
    return proof


def _count(text: str) -> str:
    """How many things a text asks for, in words that go on: "each of the ten"; empty where it names none or one.

    >>> _count("ten SQL queries"), _count("2 to 3 posts"), _count("the Level 4 module"), _count("two weeks of notes")
    ('each of the ten', 'each of them', '', '')
    """
    spelt = re.findall(r"[A-Za-z]+|\d+", text)
    words = [word.lower() for word in spelt]
    for at, word in enumerate(words):
        before = spelt[at - 1] if at else ""
        following = words[at + 1] if at + 1 < len(words) else ""
        is_figure = word.isdigit() and 1 < int(word) < 1000 and not (before[:1].isupper() and at > 1)
        if not following or _UNITS.match(following) or not (is_figure or word in _COUNTS):
            continue
        if following in ("to", "or") and at + 2 < len(words) and (words[at + 2].isdigit() or words[at + 2] in _COUNTS):
            beyond = words[at + 3] if at + 3 < len(words) else ""
            return "" if _UNITS.match(beyond) else "each of them"
        return f"each of the {word}"
    return ""


# --- Skills -----------------------------------------------------------------------------------------------------


def skill_done(name: str, said: Sequence[str]) -> str:
    """A skill put to use. ``said`` are the guide's sentences on how it is learnt.

    Where the guide gives orders they are the check; where it describes, the last sentence, which is the nearest to use,
    is what there must be something to show for.
    """
    ordered = [found for sentence in said if (found := parts(sentence.rstrip(".!")))]
    if ordered:
        return " ".join(parts_done(found) for found in ordered)
    if said:
        return f"You can show and explain something of your own that follows the guide here: “{said[-1]}”"
    return f"You have made something of your own with {name} and can explain it without notes."
