"""Entries that a copy ran together without a separator, taken apart again.

Comes in: such a run, and the words of the rest of the page as evidence. Goes out: the entries, and every place that
could be read either way, so that a person can look at it. It knows how names are written in general (``YouTube`` is
one word); it does not know which entries exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

KNOWN_NAMES = frozenset(
    """
    3Blue1Brown AdWords AirBnB AngularJS AppSheet ArcGIS AutoCAD AutoML BambooHR BEd BigQuery BlueSky BrightTALK BSc
    BuzzSumo CakePHP CapCut ChatGPT CircleCI ClickHouse ClickUp CodeAcademy CodeCademy CodePen CodeSignal
    CoffeeScript ConvertKit CorelDRAW CoSchedule CouchDB DataBricks DataCamp DataDog DataGrip DataQuest DaVinci
    DeepL DeepLearning deepLearning DeepLearning.AI DeepMind DevOps DevRel DevSecOps DirectX DocuSign DoorDash
    DuckDB DuoLingo DynamoDB eBay eBook eBooks eCommerce EdTech EdX edX eLearning FastAI FastAPI FedEx FinOps
    FinTech freeCodeCamp FreshBooks FutureLearn GarageBand GitBook GitHub GitLab GitOps GoDaddy GoPro GraphQL
    GreatSchools gRPC HackerOne HackerRank HashiCorp HealthTech HelloFresh HootSuite HubSpot HuggingFace iCloud iMac
    iMovie InDesign IntelliJ InVision iOS iPad iPadOS iPhone iTunes JavaScript JetBrains JMeter jQuery KeyNote
    LangChain LangGraph LangSmith LaTeX LeetCode LegalTech LinkedIn LlamaIndex LogRocket MacBook macOS MailChimp
    MariaDB MarTech MasterCard MasterClass MathWorks MBAs McKinsey MEd MedTech MLflow MLOps MongoDB MSc MySQL
    NaNoWriMo NeurIPS NextJS NodeJS NoSQL NumPy NVivo OneDrive OneNote OpenAI OpenAPI OpenCL OpenCV OpenGL OpenLearn
    OpenShift OpenStack OpenStreetMap openSUSE OpenTable OpenTelemetry PagerDuty PartnerStack PayPal PhD PhDs
    PhpStorm PlayStation PluralSight PostgreSQL PostHog PowerApps PowerBI PowerPoint PowerShell PowerToys PrestaShop
    ProductHunt ProPublica PubMed PyCon PyCharm PyData PyPI PySpark PyTest PyTorch QuickBooks QuickTime RabbitMQ ReactJS
    ResearchGate reStructuredText RevOps RStudio SaaS SalesForce scikitLearn SciPy ServiceNow ShareGate SharePoint
    SketchUp SkillShare SlideShare SnapChat SolidWorks SoundCloud SourceForge SparkNotes SpringBoot SQLAlchemy
    SQLBolt SQLite StackOverflow StatQuest StreamYard SurveyMonkey SwiftUI TaskRabbit TeamCity TeamViewer TechCrunch
    TechTarget TensorBoard TensorFlow ThoughtWorks TikTok TopCoder TradingView TripAdvisor TryHackMe TurboTax tvOS
    TypeScript UiPath UpWork UserTesting VirtualBox visionOS VMware vSphere VueJS watchOS WebAssembly WebGL
    WebSocket WeChat WeWork WhatsApp WikiHow WooCommerce WordPerfect WordPress xAPI XGBoost XMind YouTube ZenDesk
    ZipRecruiter ZoomInfo
    """.split()
)
"""Names written with a capital inside, from many trades, so that none of them is taken for two entries. Longer
forms of the page itself add to it; a name that neither knows becomes a doubt, not a guess."""

_UNITS = frozenset("GB MB TB KB GHz MHz Hz AM PM D G K P X M V A C F".split())
"""What may follow a figure without a space: ``500GB``, ``3D``, ``5G``."""

_NAME_PARTICLES = frozenset("De Di Du Fitz La Le Mac Van Von".split())
_CAMEL = re.compile(r"[^\W_]*(?:[^\W\d_A-Z][A-Z]|[A-Z]{2}[^\W\d_A-Z]{2})[^\W_]*")
_WORD = re.compile(r"[^\W_]+")
_SEPARATORS = re.compile(r"\s*[•▪‣◦●|]\s*|\s+[·∙]\s+|;\s+")
_OPENERS = "‘“«"
_QUOTES = "'’\"”»"
_MOST_PIECES = 8
"""Capitals within one name."""

_ENDS_ENTRY = ".!?%…™®©+#)]}"
MAX_RUN_CHARS = 4000
"""The entries of one phase; a longer text is no such run and stays whole."""

_MANY_WORDS = 14
"""The entries of the pages seen have at most ten words; more of them may be two entries."""


@dataclass(frozen=True)
class Evidence:
    """What the rest of the page tells about words: names with a capital inside, and words that stand alone."""

    names: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True)
class Split:
    """The entries of a run and, in words, each place where another reading was possible."""

    entries: tuple[str, ...]
    doubts: tuple[str, ...] = ()


def evidence(texts: Iterable[str]) -> Evidence:
    """What texts outside the runs tell."""
    names: set[str] = set()
    words: set[str] = set()
    for text in texts:
        for word in _WORD.findall(text):
            (names if _CAMEL.fullmatch(word) else words).add(word)
    return Evidence(names=frozenset(names), words=frozenset(words))


@dataclass(frozen=True)
class _Joint:
    at: int
    sure: bool
    word: str
    """The word around it, for a message."""


def sure_count(run: str, known: Evidence) -> int | None:
    """How many entries a run holds, or None where that is open to doubt."""
    joints = _joints(run, known)
    return len(joints) + 1 if all(joint.sure for joint in joints) else None


def split_run(run: str, known: Evidence, expected: int | None = None) -> Split:
    """Take a run apart where a word ends and the next begins without a space.

    Doubtful places are split only if that gives exactly the ``expected`` number of entries, and are told in any case.

    >>> nothing = evidence([])
    >>> split_run("Coursera: 'First Steps'Official documentationYouTube channel of Jo Li", nothing).entries
    ("Coursera: 'First Steps'", 'Official documentation', 'YouTube channel of Jo Li')
    >>> split_run("Blue GardenKhan Academy", nothing).doubts
    ("'GardenKhan' was kept as one word",)
    """
    entries: list[str] = []
    doubts: list[str] = []
    for part in (part for part in _SEPARATORS.split(run) if part.strip()):
        joints = _joints(part, known)
        sure = [joint for joint in joints if joint.sure]
        open_ = [joint for joint in joints if not joint.sure]
        pieces = _cut(part, joints)
        # A lone word between two doubtful places is more likely the middle of a name.
        lone = any(" " not in piece for piece in set(pieces) - set(_cut(part, sure)))
        take = bool(open_) and len(pieces) == expected and not lone
        verdict = f"was split, as other phases have {expected} entries" if take else "was kept as one word"
        doubts += [f"'{joint.word}' {verdict}" for joint in open_]
        entries += pieces if take else _cut(part, sure)
    doubts += [f"'{entry}' may hold more than one entry" for entry in entries if len(entry.split()) > _MANY_WORDS]
    return Split(tuple(entries), tuple(doubts))


def _cut(text: str, joints: Iterable[_Joint]) -> list[str]:
    cuts = [0, *(joint.at for joint in joints), len(text)]
    return [piece for piece in (text[a:b].strip(" ,;") for a, b in pairwise(cuts)) if piece]


def _joints(text: str, known: Evidence) -> list[_Joint]:
    """Every place where one entry may end and the next begin, in order."""
    if len(text) > MAX_RUN_CHARS:
        return []
    inside, at_quotes = _quotations(text)
    joints = {at: _Joint(at, True, text) for at in at_quotes}
    outside = "".join(" " if hidden else char for char, hidden in zip(text, inside, strict=False))
    for token in re.finditer(r"\S+", outside):
        if "://" in token.group() or token.group().startswith("www."):
            continue
        for joint in _joints_of_token(text, token.start(), token.end(), inside, known):
            joints.setdefault(joint.at, joint)
    return [joints[at] for at in sorted(joints)]


def _quotations(text: str) -> tuple[list[bool], list[int]]:
    """Which characters are inside quotes or brackets, and where a quote or bracket begins or ends an entry."""
    inside = [False] * (len(text) + 1)
    cuts: list[int] = []
    at = 0
    while at < len(text):
        char = text[at]
        end = _closing_bracket(text, at) if char in "([" else _closing_quote(text, at)
        if end is None:
            at += 1
            continue
        if char not in "([" and at and (text[at - 1].isalnum() or text[at - 1] in _ENDS_ENTRY + _QUOTES):
            cuts.append(at)
        for i in range(at, end + 1):
            inside[i] = True
        after = text[end + 1 : end + 2]
        # An opening quote right after this one is found, and cut at, when the scan gets there.
        if after and (after.isupper() or after.isdigit()):
            cuts.append(end + 1)
        at = end + 1
    return inside, cuts


def _closing_bracket(text: str, at: int) -> int | None:
    depth = 0
    for i in range(at, min(len(text), at + 400)):
        depth += (text[i] in "([") - (text[i] in ")]")
        if depth == 0:
            return i
    return None


def _closing_quote(text: str, at: int) -> int | None:
    """Where the quotation that opens at ``at`` closes; None where no quotation opens there."""
    char = text[at]
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char not in _OPENERS + "'\"" or not after or after.isspace():
        return None
    glued = before.isalnum() or (before != "" and before in _ENDS_ENTRY + _QUOTES)
    if char == "'" and glued:
        # After a word this may be an apostrophe: O'Reilly, MIT's, teachers'.
        head = re.search(r"[^\W_]*$", text[:at])
        if not (after.isupper() or after.isdigit()) or (head and len(head.group()) == 1):
            return None
    closers = {"'": "'’", '"': '"', "‘": "’'", "“": '”"', "«": "»"}[char]
    for i in range(at + 2, min(len(text), at + 400)):
        if text[i] not in closers:
            continue
        following = text[i + 1 : i + 2]
        if text[i] in "'’" and following.isalpha() and following.islower():
            continue  # an apostrophe within a word
        if text[i] in "'’" and text[i - 1] == "s" and following == " " and _closes_later(text, i, closers):
            continue  # a plural's apostrophe: 'The Teachers' Guide'
        return i
    return None


def _closes_later(text: str, at: int, closers: str) -> bool:
    """Whether a better place to close comes after ``at``, before anything else opens."""
    for i in range(at + 1, min(len(text), at + 200)):
        if text[i] in closers:
            before, after = text[i - 1], text[i + 1 : i + 2]
            if after.isalpha() and after.islower():
                continue
            # Between a small and a capital letter it may as well open the next entry.
            return before.isalnum() and not (before.islower() and after.isupper())
        if text[i] in _OPENERS:
            return False
    return False


def _joints_of_token(text: str, start: int, end: int, inside: Sequence[bool], known: Evidence) -> list[_Joint]:
    places = [at for at in range(start + 1, end) if not inside[at] and not inside[at - 1] and _may_join(text, at, end)]
    late = _late_names(text, start, end, inside)
    if not places and not late:
        return []
    places = sorted(set(places) | late)
    cuts = [start, *places, end]
    # Names first: GitHub is one piece, whatever stands before and after it.
    pieces: list[tuple[int, int, bool]] = []
    i = 0
    while i < len(cuts) - 1:
        for j in range(min(len(cuts) - 1, i + _MOST_PIECES), i, -1):
            word = _bare(text[cuts[i] : cuts[j]])
            if word in KNOWN_NAMES or word in known.names:
                pieces.append((cuts[i], cuts[j], True))
                i = j
                break
        else:
            pieces.append((cuts[i], cuts[i + 1], False))
            i += 1
    joints = []
    for (a, at, left_known), (_, b, right_known) in pairwise(pieces):
        verdict = _judge(text, a, at, b, left_known, right_known, known)
        if verdict is not None:
            joints.append(_Joint(at, verdict, _bare(text[a:b])))
    return joints


def _may_join(text: str, at: int, end: int) -> bool:
    a, b = text[at - 1], text[at]
    if b.isdigit() and a.islower():
        word = re.search(r"[^\W\d_]+$", text[max(0, at - 40) : at])
        return word is not None and len(word.group()) > 3 and word.group().islower()
    if not b.isupper():
        return False
    if a.islower() or a.isdigit() or a in _ENDS_ENTRY or a == ",":
        return True
    # An acronym before a capitalised word: ``RAGDocker``. A plural such as ``APIs`` is no such place.
    rest = re.match(r"[^\W\d_]+", text[at + 1 : end])
    return (
        at >= 2
        and a.isupper()
        and text[at - 2].isupper()
        and rest is not None
        and rest.group()[:2].islower()
        and (len(rest.group()) > 1)
    )


def _late_names(text: str, start: int, end: int, inside: Sequence[bool]) -> set[int]:
    """Where a name that begins in lower case follows a word without a space: ``labsiOS``."""
    token = text[start:end]
    found: set[int] = set()
    for name in _LOWER_NAMES:
        at = token.find(name, 3)
        if at < 0 or inside[start + at] or not (token[at - 3 : at].isalpha() and token[at - 3 : at].islower()):
            continue
        after = token[at + len(name) : at + len(name) + 1]
        if not after.islower():
            found.add(start + at)
    return found


_LOWER_NAMES = tuple(sorted(name for name in KNOWN_NAMES if name[0].islower() or name[0].isdigit()))


def _judge(
    text: str, start: int, at: int, end: int, left_known: bool, right_known: bool, known: Evidence
) -> bool | None:
    """True: a new entry begins at ``at``. False: perhaps. None: the word goes on."""
    left, right = text[start:at], text[at:end]
    last = text[at - 1]
    if text[end : end + 1] == ":" or right.endswith(":"):
        return True  # ``Udemy:`` begins an entry
    if last == ",":
        return False
    if last in _ENDS_ENTRY:
        if last == "." and re.search(r"(?:^|\W)[A-Z]\.$", left):
            return None  # initials
        return last != "." or not _bare(right).isupper()  # ASP.NET
    if text[at].isdigit():
        return right_known
    if last.isdigit():
        if _bare(right) in _UNITS or re.fullmatch(r"[A-Z]{1,2}\d", left):
            return None  # 500GB, 3D, B2B
        return bool(re.search(r"(?:^|\W)\d+$", left))
    if left_known or right_known:
        return True
    run = re.search(r"[^\W\d_]+$", left)
    word = run.group() if run else left
    if word == "Mc":
        return None
    if word[0].islower():
        return len(word) >= 3 or len(word) < len(left)
    if re.fullmatch(r"[A-Z]{2,}s", word):
        return True  # a plural such as APIs is complete
    if word[-1].isupper():
        return False
    if word not in _NAME_PARTICLES:
        if word in known.words and _bare(right) in known.words:
            return True
        if re.search(r"\bby (?:[A-Z][\w.'’-]* )+$", text[max(0, start - 80) : start]):
            return True  # an author's name ends here
    return False


def _bare(token: str) -> str:
    """A token without marks at its ends and without a possessive."""
    return re.sub(r"['’]s$", "", token.strip(" .,:;!?()[]'\"‘’“”…+#%")).strip("'’")
