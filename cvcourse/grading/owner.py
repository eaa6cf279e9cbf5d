"""Telling whose file an entry of an export is, from its path alone.

Canvas: `lastfirst[_LATE]_USERID_FILEID_name[-N].ipynb`. Moodle: `Full Name_NUMBER_assignsubmission_file_/name.ipynb`
(or the same without a folder). Anything else: one folder a student, named by id, login, address or name.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from cvcourse.grading.roster import Roster, Student

_CANVAS = re.compile(r"^(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)$", re.DOTALL)
_CANVAS_AGAIN = re.compile(r"([^\W\d_]{2,})(?:_LATE)?_(\d+)_(\d+)_")
_MOODLE = re.compile(
    r"^(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<plugin>file|onlinetext)(?:_(?P<rest>.*))?$", re.DOTALL
)
_PARTS = re.compile(r"\s*[,;&+]\s*|\s+(?:and|und|et|y|e|with)\s+")


@dataclass(frozen=True)
class Owner:
    """Whose entry it is.

    Attributes:
        student: id on the roster, or None.
        reason: why nobody could be told, empty otherwise.
        late: Canvas's mark; None where the platform has none.
        upload: Canvas's file id, which grows with each upload, else 0.
        name: the file's own name, without what the platform put before it.
    """

    student: str | None
    name: str
    reason: str = ""
    late: bool | None = None
    upload: int = 0


def key(text: str) -> str:
    """A name's letters and digits alone, without case and accents, so that `O'Brien, Zoë` and `obrienzoe` agree."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum())


@dataclass
class People:
    """The roster, indexed by everything an export may call a student by."""

    roster: Roster
    exact: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    numbers: dict[str, set[str]] = field(default_factory=dict)
    numbers_fit: bool = True

    def __post_init__(self) -> None:
        for student in self.roster:
            for text in (student.id, student.email, student.login):
                if text:
                    self.exact.setdefault(text.casefold(), set()).add(student.id)
            if student.lms_id:
                self.numbers.setdefault(student.lms_id, set()).add(student.id)
            for order in _orders(student):
                self.names.setdefault(key(order), set()).add(student.id)
        self.names.pop("", None)

    def by_text(self, text: str) -> set[str]:
        """The students called so by id, login or address, else by name, else by number."""
        text = " ".join(text.split())
        found = self.exact.get(text.casefold()) or self.names.get(key(text)) or self.numbers.get(text)
        return found or set()

    def several_in(self, text: str) -> list[str]:
        """Ids of two or more students who are all named in one text, such as `12+13` or `Ada Lovelace and Alan`."""
        found = {next(iter(ids)) for part in _PARTS.split(text) if len(ids := self.by_text(part)) == 1}
        letters = key(text)
        inside = [name for name in self.names if len(name) >= 5 and name in letters]
        longest = [name for name in inside if not any(name != other and name in other for other in inside)]
        found |= {next(iter(self.names[name])) for name in longest if len(self.names[name]) == 1}
        return sorted(found) if len(found) > 1 else []

    def show(self, ids: Iterable[str]) -> str:
        """Names with ids, for a reason."""
        return " and ".join(f"{self.roster[student].name} ({student})" for student in sorted(ids))


def _orders(student: Student) -> set[str]:
    first, last = student.first_name, student.last_name
    return {student.name, f"{first} {last}", f"{last} {first}"} if first and last else {student.name}


def owner_of(path: str, people: People) -> Owner:
    """Whose file the entry at `path` of an export is."""
    top, _, inner = path.partition("/")
    if match := _MOODLE.match(top):
        return _moodle(match, inner or match["rest"] or top, people)
    if not inner and (match := _CANVAS.match(top)):
        return _canvas(match, top, people)
    if not inner:
        return _by_text(re.sub(r"\.[^.]*$", "", top), top, people)
    return _by_text(top, path.rsplit("/", 1)[1], people)


def is_entry(top: str, people: People) -> bool:
    """Whether a first part of a path names a student or has a platform's form (so it is no wrapping folder)."""
    return bool(_MOODLE.match(top) or _CANVAS.match(top) or people.by_text(top) or people.several_in(top))


def numbers_fit(tops: Iterable[str], people: People) -> bool:
    """Whether Moodle's participant numbers in an export are those of the roster.

    Moodle counts participants anew for each assignment; a roster from another assignment's worksheet has other
    numbers, which most entries of the export then contradict.
    """
    agree = clash = 0
    for top in tops:
        match = _MOODLE.match(top)
        named = people.names.get(key(match["name"]), set()) if match else set()
        if match and len(named) == 1 and (numbered := people.numbers.get(match["number"])):
            agree, clash = agree + (named == numbered), clash + (named != numbered)
    return agree >= clash


def _by_text(text: str, name: str, people: People) -> Owner:
    found = people.by_text(text)
    if len(found) == 1:
        return Owner(next(iter(found)), name)
    if found:
        return Owner(None, name, f"{text!r} is the name of {people.show(found)}: use the id as the folder's name")
    if several := people.several_in(text):
        return Owner(None, name, f"two people in one name: {people.show(several)}")
    return Owner(None, name, f"{text!r} is not on the roster")


def _canvas(match: re.Match, top: str, people: People) -> Owner:
    name, number, rest = match["name"], match["user"], match["rest"]
    details = {"late": bool(match["late"]), "upload": int(match["file"])}
    numbered = people.numbers.get(number, set())
    if not numbered:
        test = " (Canvas's test student)" if key(name) in ("studenttest", "teststudent") else ""
        return Owner(None, rest, f"user {number} ({name}) is not on the roster{test}", **details)
    student = next(iter(numbered))
    others = {other for _, user, _ in _CANVAS_AGAIN.findall(top) for other in people.numbers.get(user, set())}
    named = people.names.get(key(name), set())
    if named and student not in named:
        others |= named
    if others := others - {student}:
        return Owner(None, rest, f"two people in one name: {people.show({student, *others})}", **details)
    return Owner(student, rest, **details)


def _moodle(match: re.Match, inner: str, people: People) -> Owner:
    name, number = match["name"].strip(), match["number"]
    inner = inner.rsplit("/", 1)[-1]
    named = people.names.get(key(name), set())
    numbered = people.numbers.get(number, set()) if people.numbers_fit else set()
    if re.fullmatch(r"participant\d*", key(name)):
        named = numbered
    if len(named) > 1:
        both = named & numbered
        if not both:
            reason = f"{name!r} is the name of {people.show(named)}, and number {number} is none of them"
            return Owner(None, inner, f"{reason}: run `cvcourse roster` with this assignment's worksheet")
        named = both
    if not named:
        several = people.several_in(name)
        hint = f"two people in one name: {people.show(several)}" if several else f"{name!r} is not on the roster"
        return Owner(None, inner, hint)
    student = next(iter(named))
    if numbered and student not in numbered:
        return Owner(
            None, inner, f"two people in one name: {people.show(named)}, number {number} is {people.show(numbered)}"
        )
    return Owner(student, inner)
