"""When a learner is there, as they tell it in a conversation: from when, until when, days off, and beside a job or not.

Comes in: the words of a question and the day on which they were said. Goes out: what they tell of the asker, with the
words it was understood from. Nothing is told by a question, by a hypothesis, or of anybody else: "Should I quit my
job?", "If I start in March", "My wife is away next week".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from coach.answering.spoken_dates import DATE, LENGTH, Days, days_meant, length_in_days
from coach.answering.words import clean
from coach.knowledge.sentences import sentence_spans
from coach.planning.phrases import day
from coach.planning.profile import FIRST_DAY, LAST_DAY, Break

LONGEST_BREAK = 366
"""Days; beyond, nobody is away from a plan, they have none."""

LONGEST_SENTENCE = 400
"""Characters of a sentence that are read; what people tell of their time is shorter."""


@dataclass(frozen=True)
class Told:
    """One thing that was told, as a value of the profile's field, and in words for a person."""

    field: str
    value: date | Break | bool
    said: str


# --- Who speaks, and whether they mean it -------------------------------------------------------------------

_SUPPOSED = re.compile(
    r"\b(?:if|whether|suppose|supposing|assum(?:e|ing)|imagine|unless|provided|in case|hypothetical\w*|say|let's say|"
    r"would(?! like)|could|might|maybe|perhaps|wish|should|when|once|until|before|after|how|why|where|what|which)\b",
    re.IGNORECASE,
)
"""Before what is told: it is not meant as a fact."""
_REPORTED = re.compile(
    r"\b(?:says|said|tells|told|asks|asked|claims|claimed|thinks|thought|wrote|writes|suggests|suggested|recommends|"
    r"guide|page|article)\b",
    re.IGNORECASE,
)
_TURNED_ROUND = re.compile(r"\b(?:can|do|did|will|am|may|must|shall|have|had|was|were)\s*$", re.IGNORECASE)
_SUPPOSED_AFTER = re.compile(r"\b(?:if|unless|would|could|might|maybe|perhaps|hypothetically|or not)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;:.!?]|\b(?:and|but|so|because|since)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\b(?:I|you|he|she|they|we|who|my (?!plan\b|job\b)\w+)\b", re.IGNORECASE)


def _meant(sentence: str, start: int, end: int) -> bool:
    """Whether the sentence states what stands from ``start`` to ``end``, and the asker says it of themselves."""
    before, after = sentence[:start], sentence[end:]
    if _SUPPOSED.search(before) or _REPORTED.search(before) or _TURNED_ROUND.search(before) or before.count('"') % 2:
        return False
    subjects = _SUBJECT.findall(before)
    if sentence[start].lower() in "ab" and subjects[-1:] not in (["I"], ["i"]):  # "and want to be done by ..."
        return False
    rest = _CLAUSE_END.split(after)[0]
    return not _SUPPOSED_AFTER.search(rest) and not after.lstrip().startswith("?")


# --- What is told -------------------------------------------------------------------------------------------

_I = r"(?<![\w'])I"
_WILL = r"(?:'ll| will(?: be able to)?|'m going to| am going to)"
_INTEND = (
    rf"(?:{_WILL}|'d like to| would like to|(?:'m| am) (?:planning|aiming|hoping|looking) to|"
    r" (?:really )?(?:want|need|have|hope|plan|aim|intend|wish|expect|ought) to| must)"
)
_OF_THE_PLAN = (
    r"(?:it|this|that|everything|all (?:of )?(?:it|this)|(?:the|this|my|your) (?:whole )?(?:plan|guide|course|"
    r"pathway|path|roadmap|programme|program|studies|study|studying|learning|move|switch|change|transition|training))"
)
_STUDY = rf"(?:study|learn|train|work on {_OF_THE_PLAN}|do {_OF_THE_PLAN})"
_BY = r"(?:by|in|within|until|till|on|for|no later than|at the latest by|before)"
_ANY_DATE = rf"(?:{DATE})"

_STARTS = (
    rf"{_I}(?:{_INTEND}| can)?(?: only)? (?:start|begin)(?: (?:with )?{_OF_THE_PLAN}| (?:to study|to learn|studying|"
    rf"learning))?(?: only)?(?: again)?(?: (?:on|from|at|by|around))?(?: in(?! {LENGTH}))? (?P<date>{_ANY_DATE})",
    rf"{_I}(?:'m| am) (?:starting|beginning)(?: (?:with )?{_OF_THE_PLAN}| (?:to study|to learn|studying|learning))?"
    rf"(?: (?:on|from|at|by|around))?(?: in(?! {LENGTH}))? (?P<date>{_ANY_DATE})",
    rf"{_I} (?:can't|cannot|can not|won't|will not|won't be able to|don't) (?:start|begin)"
    rf"(?: (?:with )?{_OF_THE_PLAN}| studying| learning)? (?:before|until|till|earlier than) (?P<date>{_ANY_DATE})",
    rf"(?<!\w)my start(?:ing)? (?:date|day) (?:is|will be)(?: on)?(?: in(?! {LENGTH}))? (?P<date>{_ANY_DATE})",
)
_NEW_JOB = (
    r"(?:have|get|find|land|start|be in|move (?:in)?to|switch (?:in)?to) (?:a|the|my|that) (?:new )?"
    r"(?:job|role|position)"
)
_DONE = (
    rf"(?:(?:be |get )?(?:done|finished|through|ready)(?: with {_OF_THE_PLAN})?|(?:finish|complete|make|do)"
    rf"(?: (?:with )?{_OF_THE_PLAN})?|(?:have|get) {_OF_THE_PLAN} (?:done|finished|completed)|"
    rf"(?:switch|change)(?: (?:jobs|careers|roles))?|have (?:switched|changed)(?: (?:jobs|careers|roles))?|{_NEW_JOB})"
)
_TARGETS = (
    rf"(?:{_I}|\band|\bbut){_INTEND} {_DONE} (?P<by>{_BY})(?: the latest)? (?P<date>{_ANY_DATE})",
    rf"(?:{_I}|\band|\bbut){_INTEND} {_DONE} (?P<date>in {LENGTH}|within {LENGTH}|(?:this|next) (?:month|year))",
    rf"{_I}(?:'m| am)? (?:aim(?:ing)?|go(?:ing)?) for (?P<date>{_ANY_DATE})",
    rf"{_I} have (?:time )?(?P<by>until|till) (?P<date>{_ANY_DATE})",
    rf"(?<!\w)my (?:target(?: date)?|deadline|goal|end date|finish date)(?: is|:)(?: to {_DONE})?(?: (?P<by>{_BY}))? "
    rf"(?P<date>{_ANY_DATE})",
)
_AWAY = (
    rf"{_I}(?:'m| am|{_WILL} be|'m going| am going|'ve got to be| have to be| go)? (?:away|off(?! to\b)|"
    r"abroad|travell?ing|unavailable|not available|out of (?:town|office|the office|the country)|"
    r"on (?:a |my |an? \w+ )?(?:holidays?|vacation|leave|trip|parental leave|honeymoon|break)|in hospital)\b",
    rf"{_I} (?:can't|cannot|can not|won't|will not|won't be able to|am unable to|have no time to) {_STUDY}\b",
    rf"{_I}(?:'m| am|{_WILL})? (?:have|take|taking|having|booked|have booked|get) "
    rf"(?:(?P<length>{LENGTH}) (?:off|of (?:holiday|vacation|leave))|(?:a |my |some )?(?:holidays?|vacation|break|"
    r"leave|time off|days? off|week off|no time))\b",
    r"(?<!\w)my (?:holidays?|vacation|leave|break|trip|honeymoon) (?:is|are|runs?|lasts?|goes|will be)\b",
)
_FILL = r"(?P<fill>(?:(?!\b(?:and|but|so|or|if|he|she|they|who|until|till|from|between)\b)[^.?!;,]){0,40}?)"
_A_YEAR = r"\d{4}"
_BARE_DAY = r"(?:the )?\d{1,2}(?:st|nd|rd|th)?"
_TO = r"\s*(?:to|until|till|through|up to|and|-)\s*(?:and including )?"
_RANGES = (
    rf"{_FILL}(?:from |between )?(?:on )?(?P<first>{_ANY_DATE}|{_BARE_DAY}){_TO}(?P<last>{_ANY_DATE}|{_BARE_DAY}\b)",
    rf"{_FILL}(?:for )?(?P<length>{LENGTH}),? (?:from|starting(?: on)?|beginning(?: on)?) (?P<first>{_ANY_DATE})",
    rf"{_FILL}(?:from|starting(?: on)?|beginning(?: on)?) (?P<first>{_ANY_DATE}),? for (?P<length>{LENGTH})",
    rf"{_FILL}(?:from|starting(?: on)?|beginning(?: on)?) (?P<first>{_ANY_DATE})",
    rf"{_FILL}(?:until|till|through) (?P<last>{_ANY_DATE})",
    rf"{_FILL}(?:for |over )?the next (?P<length>{LENGTH})",
    rf"{_FILL}(?:on|in|during|over|for|throughout)? ?(?:(?:all|the whole) of )?(?P<whole>{_ANY_DATE})",
)
_JOB = r"(?:(?:my|the|this) (?:\w+[ -]){0,2}(?:job|work|position|employment)|work(?:ing)?)"
_KEEPS = (
    rf"{_I} (?:can't|cannot|can not|won't|will not|don't want to|do not want to|must not|mustn't|can't afford to|"
    rf"cannot afford to|am not going to|don't plan to) (?:quit|leave|give up|stop|resign from|lose|drop) {_JOB}\b",
    rf"{_I}(?:'m| am) not (?:quitting|leaving|giving up) {_JOB}\b",
    rf"{_I}(?:{_INTEND})? (?:keep|stay in|remain in|hold on to) {_JOB}\b",
    rf"{_I}(?:'m| am) keeping {_JOB}\b",
    rf"{_I}(?:{_INTEND}) (?:stay|remain|be) employed\b",
    rf"{_I}(?:{_INTEND})?(?:'m| am)? (?:{_STUDY}|studying|learning|doing {_OF_THE_PLAN}) (?:alongside|besides?|next to|"
    rf"while keeping|parallel to) {_JOB}\b",
    rf"{_I} (?:can't|cannot|can not|won't|will not) {_STUDY} full[- ]?time\b",
)
_LEAVES = (
    rf"{_I}(?:{_INTEND}| can)? {_STUDY} full[- ]?time\b",
    rf"{_I}(?:'m| am) (?:studying|learning|training|doing {_OF_THE_PLAN}) full[- ]?time\b",
    rf"{_I}(?:'m| am) (?:quitting|leaving|giving up) {_JOB}\b",
    rf"{_I}(?: have|'ve)?(?: just| already)? (?:quit|left|lost|gave up|given up|resigned from) {_JOB}\b",
    rf"{_I}(?:{_WILL}| plan to| intend to|'m planning to| am planning to) (?:quit|leave|give up|resign from) {_JOB}\b",
    rf"{_I} (?:don't|do not) (?:have|need|want) to keep {_JOB}\b",
    rf"{_I} (?:don't|do not) have (?:a|any) job\b",
    rf"{_I}(?:'m| am) (?:currently |now )?(?:unemployed|out of work|between jobs|not employed)\b",
)


def _any(patterns: tuple[str, ...], more: tuple[str, ...] = ("",)) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(f"{pattern}{rest}", re.IGNORECASE) for pattern in patterns for rest in more)


_STARTING, _FINISHING, _KEEPING, _LEAVING = (_any(one) for one in (_STARTS, _TARGETS, _KEEPS, _LEAVES))
_BEING_AWAY = _any(_AWAY)
_AS_RANGE = _any(_RANGES)
_ELSEWHERE = re.compile(
    r"\s*(?:as an?|at|with|for)\b(?! (?:the latest|least|\d|about|around|only|just|this|it|the plan))", re.IGNORECASE
)
"""After a first day it is that of a job: "I start in March as a nurse"."""


def told(question: str, today: date, *, month_first: bool = False) -> tuple[Told, ...]:
    """What the question tells of its asker's time: each field once, and every break.

    ``today`` is the day on which it was said; ``month_first`` reads 3/4/2027 as the fourth of March.

    >>> when = date(2026, 11, 26)
    >>> [one.said for one in told("I start in March and want to be done by 15 June 2027.", when)]
    ['start on Mon 1 Mar 2027 (from "March")', 'done by Tue 15 Jun 2027']
    >>> [one.said for one in told("I am away from 20 December to 3 January, will I make it?", when)]
    ['away from Sun 20 Dec 2026 to Sun 3 Jan 2027']
    >>> told("Can I start in March? My wife is away next week. If I quit my job, how long is it?", when)
    ()
    """
    text = re.sub(r"\b([A-Za-z]{3,4})\.(?= \d)", r"\1", clean(question))  # the point of "Dec. 20" ends no sentence
    found: dict[str, Told] = {}
    for start, end in sentence_spans(text):
        sentence = text[start:end][:LONGEST_SENTENCE]
        for one in _of_sentence(sentence, today, month_first):
            found.setdefault(one.field if not isinstance(one.value, Break) else one.said, one)
    return tuple(found.values())


def _of_sentence(sentence: str, today: date, month_first: bool) -> Iterator[Told]:
    def meaning(words: str) -> Days | None:
        return days_meant(words, today, month_first=month_first)

    for match in _matches(_STARTING, sentence):
        found = meaning(match["date"])
        if found and found.last >= today and not _ELSEWHERE.match(sentence[match.end() :]):
            first = max(found.first, today)
            if first <= LAST_DAY:
                yield Told("start", first, f"start on {day(first)}{_from(found, match['date'])}")
    for match in _matches(_FINISHING, sentence):
        found = meaning(re.sub("^within ", "in ", match["date"], flags=re.IGNORECASE))
        if found:
            before = (match.groupdict().get("by") or "").lower() == "before"
            last = found.first - timedelta(days=1) if before else found.last
            if today < last <= LAST_DAY:
                words = f"before {match['date']}" if before else match["date"]
                yield Told("target", last, f"done by {day(last)}{_from(found, words, chosen=before)}")
    for match in _matches(_BEING_AWAY, sentence):
        away = _range(match, sentence, today, month_first)
        if away and away[0].end >= today:
            off, words = away
            days = day(off.start) if off.start == off.end else f"from {day(off.start)} to {day(off.end)}"
            yield Told("weeks_off", off, f"away {'on ' if off.start == off.end else ''}{days}{words}")
    for patterns, keeps in ((_KEEPING, True), (_LEAVING, False)):
        if next(_matches(patterns, sentence), None):
            yield Told("stay_employed", keeps, "your job kept meanwhile" if keeps else "no job to be kept meanwhile")


def _matches(patterns: tuple[re.Pattern[str], ...], sentence: str) -> Iterator[re.Match[str]]:
    found = [match for pattern in patterns for match in pattern.finditer(sentence)]
    return (
        match
        for match in sorted(found, key=lambda match: match.start())
        if _meant(sentence, match.start(), match.end())
    )


def _range(said: re.Match[str], sentence: str, today: date, month_first: bool) -> tuple[Break, str] | None:
    """The days off that stand behind what was said, with the words they were understood from where days were chosen."""
    rest = sentence[said.end() :]
    match = next((match for pattern in _AS_RANGE if (match := pattern.match(rest))), None)
    if match is None or not _meant(sentence, said.start(), said.end() + match.end()):
        return None
    parts = match.groupdict()
    length = parts.get("length") or (said.groupdict().get("length") if not parts.get("last") else None)
    first = last = None
    if parts.get("first") and parts.get("last"):
        first, last = _ends(parts["first"], parts["last"], today, month_first)
    elif parts.get("last"):
        first, last = Days(today, today, exact=True), days_meant(parts["last"], today, month_first=month_first)
    else:
        words = parts.get("first") or parts.get("whole") or "today"
        first = last = days_meant(words, today, month_first=month_first)
        if parts.get("first") and not length:
            return None  # "away from 20 December": until when is not said
        if length and first:
            if first.first != first.last:
                return None  # "two weeks off in August": which ones is not said
            end = first.first + timedelta(days=length_in_days(length, first.first) - 1)
            last = Days(end, end, exact=first.exact)
    if first is None or last is None:
        return None
    start, end = first.first, last.last
    if not (FIRST_DAY <= start <= end <= LAST_DAY and (end - start).days < LONGEST_BREAK):
        return None
    chosen = not (first.exact and last.exact and (parts.get("first") or parts.get("whole")))
    words = match.group()[len(match["fill"]) :].strip()
    return Break(start=start, end=end), f' (from "{words}")' if chosen else ""


def _ends(first: str, last: str, today: date, month_first: bool) -> tuple[Days | None, Days | None]:
    """Both ends, where either may lack the month or the year that the other has."""
    if re.fullmatch(_BARE_DAY, first):  # "20 to 27 December"
        first = re.sub(r"^(?:the )?\d{1,2}(?:st|nd|rd|th)?", first, last)
    elif re.fullmatch(_BARE_DAY, last):  # "December 20 to 27"
        last = re.sub(r"\d{1,2}(?:st|nd|rd|th)?(?=\D*(?:\d{4})?$)", last.removeprefix("the "), first, count=1)
    end = days_meant(last, today, month_first=month_first)
    start = days_meant(first, today, month_first=month_first)
    if not start or not end or start.first <= end.last:
        return start, end
    if re.search(_A_YEAR, first):
        return start, end if re.search(_A_YEAR, last) else days_meant(last, start.first, month_first=month_first)
    # "from 20 December to 3 January 2027", or told while they are away: the first day before the last one.
    for year in (end.last.year, end.last.year - 1):
        start = days_meant(f"{first} {year}", today, month_first=month_first)
        if start and start.first <= end.last:
            break
    return start, end


def _from(found: Days, words: str, *, chosen: bool = False) -> str:
    """The words that days were understood from, where there was anything to understand."""
    return f' (from "{words.rstrip(".")}")' if chosen or not found.exact else ""
