"""Makes HTML, Markdown and LaTeX of a stranger harmless: nothing in them runs or loads anything where they are shown.

HTML is rebuilt by bleach from a list of allowed tags, attributes and styles. Markdown is not parsed at all, because
each program that shows it reads it in another way (nbconvert puts a fence named mermaid into the page as HTML). What
would start a tag, an image, a doubtful address or a LaTeX command with side effects gets an invisible character into
its beginning instead: then no program takes it for one, it looks the same inside code, and all other text stays.
Long Markdown becomes a block of code besides (`cvcourse.grading.fenced`).
"""

import re
from collections import Counter
from html.parser import HTMLParser

import tinycss2
from bleach.css_sanitizer import CSSSanitizer
from bleach.html5lib_shim import HTML_TAGS
from bleach.sanitizer import Cleaner
from bs4 import BeautifulSoup

from cvcourse.grading.fenced import Lengths

INVISIBLE = "\u200b"  # a space of no width
MOST_MARKS = 4000  # `<` and `&` in one HTML output: nested tags take html5lib quadratic time
MOST_MARKS_IN_ALL = 12_000
MOST_UNCLOSED = 500
MOST_CHARACTERS = 2_000_000
MOST_IRREGULAR = 50_000  # characters in HTML whose tags are not plainly written, of all outputs together
_MOST_TAGS, _MOST_JUDGED = 20_000, 500  # in one Markdown text: in all, with attributes

_TEXT_TAGS = "a abbr b bdi bdo big br center cite code del dfn em font hr i ins kbd mark q s samp small span strike"
_BLOCK_TAGS = "blockquote dd details div dl dt h1 h2 h3 h4 h5 h6 li ol p pre summary ul"
_OTHER_TAGS = "strong sub sup tt u var wbr img caption col colgroup table tbody td tfoot th thead tr"
ALLOWED_TAGS = frozenset(f"{_TEXT_TAGS} {_BLOCK_TAGS} {_OTHER_TAGS}".split())
_MORE_TAGS = "applet basefont bgsound fencedframe frame frameset image isindex keygen listing marquee math noembed"
_REFUSED_TAGS = {*HTML_TAGS, *f"{_MORE_TAGS} noframes plaintext portal selectedcontent svg xmp".split()} - ALLOWED_TAGS
_WITH_CONTENT = ("script", "style", "title", "svg", "math", "template", "noscript", "iframe", "textarea", "xmp")

_WITHOUT_CONTENT = ("br", "col", "hr", "img", "wbr")

_ATTRIBUTES = frozenset(
    ["align", "alt", "border", "colspan", "height", "open", "rowspan", "start", "style", "title", "valign", "width"]
)
_COLOURED = frozenset(["font", "td", "th", "tr"])
_LINK = re.compile(r"(?:https?://|mailto:|#)[^\x00-\x20]*")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+")
_FONT_STYLES = ("color", "font-size", "font-style", "font-weight", "line-height", "text-align", "text-decoration")
_BOX_STYLES = ("background-color", "border-collapse", "height", "margin-left", "max-width", "padding", "width")
_STYLES = frozenset([*_FONT_STYLES, *_BOX_STYLES, "vertical-align", "white-space"])
_PLAIN_VALUES = frozenset(["whitespace", "comment", "ident", "number", "percentage", "dimension", "hash"])
_COLOUR_FUNCTIONS = frozenset(["rgb", "rgba", "hsl", "hsla"])

# Html5lib takes quadratic time for a tag with many attributes. In such a text every `<` begins a tag or a comment as
# browsers and html5lib read it too, and no tag has many attributes.
_ATTRIBUTE = r"""\s{1,99}+[A-Za-z_:][\w:.-]{0,60}+(?:=(?:"[^"<]*+"|'[^'<]*+'|[\w.#%-]++))?+"""
_REGULAR = re.compile(
    rf"(?:[^<]++|<!--(?!-?>)[^<>]*+-->|</?[A-Za-z][A-Za-z0-9-]{{0,30}}+(?:{_ATTRIBUTE}){{0,60}}+\s{{0,99}}+/?>)*+"
)
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_OPENING_OR_CLOSING = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_TAG_NAME = re.compile(r"</?([A-Za-z][^\s/<>]{0,64})")
_COMMENT = re.compile(r"<!--(?!-?>)[^<>]*-->")
_SCHEME = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}):")
_HOSTILE_ATTRIBUTE = re.compile(
    r"[\s/\"'](?:on[a-z]+|style|class|id|name|is|data-[\w-]*|contenteditable)\s*=", re.IGNORECASE
)
_IMAGE = re.compile(r"!\[(?![^\[\]\n`<]*\]\((?:attachment:([\w.%-]+)|data:image/(?:png|jpeg|gif);base64,[\w+/=]+)\))")
# After `](` or `]:` an address of a known kind, or one that cannot have a scheme.
_KNOWN = r"(?:https?://|mailto:|ftp://|attachment:[\w.%-]+[)>]|data:image/(?:png|jpeg|gif);base64,)"
_PLAIN = r"[A-Za-z0-9+.-]{0,80}(?:[/?#)>(,'\"\[\]=*_~^!$@%{}|;]|(?![A-Za-z0-9])\w"
_ADDRESS = re.compile(rf"\](?=[(:])(?![(:]\s*+(?:<(?:{_KNOWN}|{_PLAIN}))|{_KNOWN}|{_PLAIN}|\s|\Z)))")
_DIAGRAM = re.compile(r"(?<=[`~]{3})[^\S\n]*(?=mermaid)", re.IGNORECASE)
# A letter or a backslash written by its number, with which a LaTeX command can be hidden.
_ENTITY = re.compile(
    r"&(?=#0*+(?:6[5-9]|[78][0-9]|9[027-9]|1[01][0-9]|12[0-2])(?![0-9])|bsol;"
    r"|#x0*+(?:4[1-9a-f]|5[0-9ac]|6[1-9a-f]|7[0-9a])(?![0-9a-f]))",
    re.IGNORECASE,
)
_LATEX = re.compile(
    r"\\(?=(?:href|url|class|style|cssId|data|require|unicode|mmlToken|bbox|csname|includegraphics|html[A-Za-z]+)"
    r"(?![A-Za-z]))"
)


class _PlainStyles(CSSSanitizer):
    """Keeps plain declarations: bleach's own list judges names only, and a `cursor` can load a picture."""

    def sanitize_css(self, style: str) -> str:
        declarations = [one for one in tinycss2.parse_declaration_list(style) if one.type == "declaration"]
        kept = [one for one in declarations if one.lower_name in _STYLES and all(map(_is_plain, one.value))]
        return "; ".join(f"{one.lower_name}: {tinycss2.serialize(one.value).strip()}" for one in kept)


def _is_plain(token) -> bool:
    if token.type == "function":
        return token.lower_name in _COLOUR_FUNCTIONS and all(map(_is_plain, token.arguments))
    return token.type in _PLAIN_VALUES or (token.type == "literal" and token.value in ",/")


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if (tag, name) == ("a", "href"):
        return _LINK.fullmatch(value) is not None
    if (tag, name) == ("img", "src"):
        return _PICTURE.fullmatch(value) is not None
    return name in _ATTRIBUTES or (name in ("color", "bgcolor") and tag in _COLOURED)


class _Attributes(HTMLParser):
    """The tags of a text with their attributes, in a form that does not depend on how they were written."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        plain = {name: value or "" for name, value in attrs}
        if "style" in plain:
            plain["style"] = re.sub(r"[\s;]", "", plain["style"]).lower()
        self.found.append((tag, plain))


def latex(text: str) -> str:
    """LaTeX without commands that make links, load files or set styles, and without what HTML takes for a tag."""
    return _TAG_START.sub("< ", _calm(text))


def _calm(text: str) -> str:
    """The text with LaTeX commands broken that act on the page, also where entities hide them."""
    return _LATEX.sub(rf"\\{INVISIBLE}", _ENTITY.sub(f"&{INVISIBLE}", text))


class Markup:
    """Cleans the texts of one notebook; not to be shared between threads.

    Its work is bounded: where a notebook has more HTML than `MOST_MARKS_IN_ALL`, the rest is left out.
    """

    def __init__(self) -> None:
        self.left, self.irregular_left = MOST_MARKS_IN_ALL, MOST_IRREGULAR
        self._lengths = Lengths()
        self._cleaner = Cleaner(
            tags=ALLOWED_TAGS,
            attributes=_is_allowed,
            protocols=frozenset(["http", "https", "mailto", "data"]),
            strip=True,
            css_sanitizer=_PlainStyles(),
        )

    def html(self, text: str) -> str | None:
        """HTML with nothing but allowed tags, attributes and styles; None where it is too large to be looked at."""
        marks = text.count("<") + text.count("&")
        if marks > min(MOST_MARKS, self.left) or len(text) > MOST_CHARACTERS or _unclosed(text) > MOST_UNCLOSED:
            return None
        self.left -= marks
        try:
            text = _without_content(text)
            if _REGULAR.fullmatch(text) is None:
                self.irregular_left -= len(text)
                if self.irregular_left < 0:
                    return None
            return _calm(self._cleaner.clean(text))
        except Exception:  # whatever a parser raises on text that was made to break it
            return None

    def markdown(self, text: str, attachments: frozenset[str] = frozenset()) -> str:
        """Markdown in which nothing runs or loads, whichever program shows it; the same text where nothing would.

        Args:
            text: the source of a cell, or an output.
            attachments: names of the cell's pictures. nbconvert fails on a name that is not there.
        """
        text = self._tags(text)
        text = _IMAGE.sub(f"!{INVISIBLE}[", text)
        text = re.sub(r"!\[(?=[^\[\]\n`<]*\]\(attachment:([\w.%-]+)\))", lambda m: _attached(m, attachments), text)
        text = _ADDRESS.sub(f"]{INVISIBLE}", text)
        text = _DIAGRAM.sub(INVISIBLE, text)
        return self._lengths.measured(_calm(text))

    def raw(self, text: str) -> str:
        """Text that no program takes for HTML: nbconvert puts a raw cell into the page as it is."""
        return _TAG_START.sub(f"<{INVISIBLE}", text)

    def _tags(self, text: str) -> str:
        """Break every tag that is not known to be harmless."""
        if text.count("<") > _MOST_TAGS:
            return self.raw(text)
        pieces, done, judged = [], 0, 0
        hostile = max((found.start() for found in _HOSTILE_ATTRIBUTE.finditer(text)), default=-1)
        valued = text.rfind("=")
        end = text.find(">")
        for found in _TAG_START.finditer(text):
            start = found.start()
            if 0 <= end < start:
                end = text.find(">", start)
            tag = text[start : end + 1] if end >= 0 and text.find("<", start + 1, end) < 0 else ""
            name = _TAG_NAME.match(text, start)
            if name is None:
                harmless = _COMMENT.fullmatch(tag) is not None
            elif name[1].lower() in ALLOWED_TAGS:
                harmless = ("=" not in tag) if tag else valued < start
                if not harmless and tag and judged < _MOST_JUDGED:
                    judged += 1
                    harmless = self._is_harmless(tag)
            else:
                unknown = name[1].lower() not in _REFUSED_TAGS and "-" not in name[1]
                harmless = unknown and hostile < start and _is_no_address(tag)
            if not harmless:
                pieces += [text[done : start + 1], INVISIBLE]
                done = start + 1
        return "".join([*pieces, text[done:]])

    def _is_harmless(self, tag: str) -> bool:
        """Whether bleach leaves all of a tag's attributes as they are."""
        wanted = _Attributes(tag).found
        return len(wanted) == 1 and _Attributes(self.html(tag) or "").found == wanted


def _is_no_address(tag: str) -> bool:
    """Whether `<...>` is no address, or an ordinary one."""
    scheme = _SCHEME.match(tag)
    return scheme is None or scheme[1].lower() in ("http", "https", "mailto", "ftp")


def _attached(found: re.Match, attachments: frozenset[str]) -> str:
    return "![" if found[1] in attachments else f"!{INVISIBLE}["


def _unclosed(html: str) -> int:
    """About how many elements are never closed; elements without content do not count."""
    found = _OPENING_OR_CLOSING.findall(html)
    closed = Counter(name.lower() for slash, name in found if slash)
    opened = Counter(name.lower() for slash, name in found if not slash)
    return sum(max(n - closed[name], 0) for name, n in opened.items() if name not in _WITHOUT_CONTENT)


def _without_content(html: str) -> str:
    """HTML without elements whose content is not for reading; bleach takes away their tags only."""
    if not any(f"<{name}" in html.lower() for name in _WITH_CONTENT):
        return html
    soup = BeautifulSoup(html, "html.parser")
    for element in soup.find_all(_WITH_CONTENT):
        element.decompose()
    return str(soup)
