"""nbconvert's page of a notebook, made with measure: text that parsers take long for is shown, but not parsed.

mistune takes quadratic time for many brackets, pygments for nested quotes of Perl. So only code of moderate length is
coloured, and only as Python. `Markup.markdown` does the same for long Markdown, in the notebook itself.
"""

import html
import re

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets import Bool

MOST_COLOURED = 20_000  # characters of one cell
MOST_COLOURED_IN_ALL = 300_000
_PYTHON = ("python", "python3", "py", "ipython", "ipython3")
_FOREIGN = re.compile(r"%%(?!(?:time|timeit|capture|prun)\b)[A-Za-z!]")  # IPython's lexer hands on to another one


def _unchanged(text: str) -> str:
    return text


class _Colours:
    """How much code of a notebook may still be coloured."""

    def __init__(self, left: int) -> None:
        self._left = left

    def affords(self, code: str) -> bool:
        """Whether this code is coloured; it counts then."""
        if len(code) > min(MOST_COLOURED, self._left):
            return False
        self._left -= len(code)
        return True


class _Renderer(IPythonRenderer):
    """Colours no blocks of code but Python's."""

    def __init__(self, colours: _Colours, **options) -> None:
        super().__init__(**options)
        self._colours = colours

    def block_code(self, code: str, info: str | None = None) -> str:
        if (info or "").strip() in _PYTHON and self._colours.affords(code):
            return super().block_code(code, "python")
        return f"<pre><code>{html.escape(code, quote=False)}</code></pre>\n"


class MeasuredHTML(HTMLExporter):
    """nbconvert's exporter for what strangers wrote."""

    plain = Bool(False, help="Show Markdown and code as text, without any parser.").tag(config=True)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        # nbconvert's second filter mends links of IPython 1; it is quadratic in the brackets of a page.
        self.filters = {**self.filters, "highlight_code": self._code, "strip_files_prefix": _unchanged}

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **kwargs) -> tuple[str, dict]:
        self._colours = _Colours(0 if self.plain else MOST_COLOURED_IN_ALL)
        return super().from_notebook_node(nb, resources, **kwargs)

    def _code(self, source: str, metadata: dict | None = None) -> str:
        if _FOREIGN.search(source) is None and self._colours.affords(source):
            return Highlight2HTML(pygments_lexer="ipython3", parent=self)(source)
        return f'<div class=" highlight hl-ipython3"><pre>{html.escape(source, quote=False)}</pre></div>'

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        """In place of nbconvert's filter."""
        if self.plain:
            return f'<pre style="white-space: pre-wrap">{html.escape(source, quote=False)}</pre>'
        pictures = context.get("cell", {}).get("attachments", {})
        links = {"exclude_anchor_links": self.exclude_anchor_links, "anchor_link_text": self.anchor_link_text}
        return MarkdownWithMath(_Renderer(self._colours, escape=False, attachments=pictures, **links)).render(source)
