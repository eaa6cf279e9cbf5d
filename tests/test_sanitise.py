"""What a student's texts and outputs are turned into, and what stays as it was."""

import base64
import io
import json
import random
import re
import time

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from PIL import Image

from cvcourse.grading.markup import ALLOWED_TAGS, INVISIBLE, MOST_MARKS, Markup, latex
from cvcourse.grading.reasons import clean
from cvcourse.grading.sanitise import UNCHECKED, sanitise
from tests import tiny_course as tiny


def picture(kind="PNG", size=(3, 2)):
    data = io.BytesIO()
    Image.new("1", size).save(data, kind)
    return base64.b64encode(data.getvalue()).decode()


KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
ORDINARY = [
    "# Heading\n\nSome *text*, **bold** and `code`.\n\n- a list\n- [ ] of things\n\n> quoted <3\n",
    "| a | b |\n|---|--:|\n| 1 | <2 |\n",
    "A link to [the paper](https://arxiv.org/abs/1.2?a=1&b=2 'a'), [below](#heading), [file](data/größe_(1).csv).",
    "[named]: https://example.org/a_(b)\n\nSee [named], <https://example.org/?a=b> and <me@example.org>.",
    "Formulas: $a<b$, $x<y>z$, $$\\sum_{i<n} a_i \\tag{1}$$, \\\\(c\\\\). \\begin{align}a&=b\\\\c&<d\\end{align}",
    "```python\nif a <b:\n    x[1:n]: list[int] = f(y)[0](z)\n```\n\n~~~cpp\n#include <stdio.h>\nvector<int> v;\n~~~\n",
    "    indented <T> code & more\n\nx<y and y>z, 5 &lt; 6 &amp; 7, costs &#36;5, `<T>`",
    "Line<br>break, x<sub>2</sub> <!-- a remark -->\n\n<details open><summary>s</summary>\n\nx\n</details>",
    '<span style="color: red">red</span> <font color="blue">blue</font> <p align="center">middle</p>',
    f'<img src="data:image/png;base64,{picture()}" width="30"> ![drawn](data:image/png;base64,{picture()})',
    "Euro €, 漢字, emoji 🙂, right-to-left א",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_markdown_is_not_touched(text):
    assert Markup().markdown(text) == text


def test_html_in_code_looks_the_same():
    text = "Write `<script src=x>` or\n\n```html\n<div onclick='f()'>\n```\n"
    before, after = (
        BeautifulSoup(markdown2html_mistune(one), "html.parser") for one in (text, Markup().markdown(text))
    )
    assert after.get_text().replace(INVISIBLE, "") == before.get_text()
    assert "<script src=x>" in before.get_text()


def hrefs(text):
    return [link.get("href") for link in BeautifulSoup(markdown2html_mistune(text), "html.parser").find_all("a")]


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x]( \n javascript:alert(1))",
        "[x](java&#115;cript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](<\x01javascript:alert(1)>)",
        "[x](\ufeffjavascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x][r]\n\n[r]: javascript:alert(1)",
        "[x][r]\n\n[r]:\n   javascript:alert(1)",
        "<javascript:alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
    ],
)
def test_no_link_runs_anything(text):
    assert hrefs(text) != []
    assert hrefs(Markup().markdown(text)) == []


PIECES = [
    *("<", ">", "</", "<b>", "</b>", "<div>", "<a href=", "'", '"', "`", "```", "~~~", "\n", "\n\n", "    ", "$", "$$"),
    *(
        "\\\\[",
        "[",
        "]",
        "(",
        ")",
        "](",
        "![",
        "[r]: ",
        "[r]",
        "javascript:f()",
        "java\tscript:f()",
        "//evil/x",
        "mermaid",
    ),
    *(
        "http://evil/x",
        "<script>",
        "<img src=x onerror=f()>",
        "onclick=f()",
        "<svg onload=f()>",
        "<!--",
        "-->",
        "<![CDATA[",
    ),
    *(
        "<?",
        "<textarea>",
        "<style>",
        "style='background:url(x)'",
        "title=",
        "<details",
        "src=",
        "&#60;",
        "x",
        "<y",
        "- ",
        "> ",
    ),
]


def acts(page):
    """Whether a page has an element or an attribute that runs or loads something."""
    for tag in BeautifulSoup(f"<main>{page}", "html.parser").find_all(True):
        loads = tag.name in ALLOWED_TAGS and not tag.get("src", "data:image/").startswith("data:image/")
        runs = any(name.startswith("on") for name in tag.attrs) or "url(" in tag.get("style", "")
        link = re.sub(r"[\x00-\x20]", "", tag.get("href", "")).lower().startswith(("javascript:", "data:"))
        if loads or runs or link or tag.name in ("script", "svg", "style", "textarea"):
            return True
    return False


def test_no_mixture_acts_whichever_program_shows_it():
    other, draw = MarkdownIt("commonmark", {"html": True}), random.Random(20261121)
    acting = 0
    for _ in range(400):
        text = "".join(draw.choices(PIECES, k=12))
        clean = Markup().markdown(text)
        acting += acts(markdown2html_mistune(text))
        assert not acts(markdown2html_mistune(clean)), text
        assert not acts(other.render(clean)), text
        assert not acts(Markup().html(text) or ""), text
        assert Markup().markdown(clean) == clean
    assert acting > 100


def test_pictures_of_the_cell_stay_and_names_without_one_do_not_break_nbconvert():
    data = {"plot.png": {"image/png": picture()}, "x.svg": {"image/svg+xml": "<svg/>"}, "y.png": {"image/png": "!"}}
    cell = new_markdown_cell("![a](attachment:plot.png) ![b](attachment:gone.png)", attachments=data)
    clean = sanitise(new_notebook(cells=[cell])).cells[0]
    assert clean.attachments == {"plot.png": {"image/png": picture()}}
    assert clean.source.startswith("![a](attachment:plot.png) !")
    page = markdown2html_mistune(clean.source.replace("![a](attachment:plot.png)", ""))
    assert "<img" not in page


def test_html_keeps_tables_and_loses_what_acts():
    table = '<table border="1"><thead><tr style="text-align: right"><th>a</th></tr></thead></table>'
    text = f"<style scoped>td {{color: red}}</style>{table}<script>f()</script><b onclick='f()' id='x' class='y'>b</b>"
    assert Markup().html(text) == f"{table}<b>b</b>"
    links = "<a href='javascript:f()'>x</a><a href='https://x.org'>y</a><a href=' data:text/html,x'>z</a>"
    assert Markup().html(links) == '<a>x</a><a href="https://x.org">y</a><a>z</a>'


@pytest.mark.parametrize(
    "style",
    ["cursor: url(http://x/y)", "background: url(x)", "width: expression(f())", "color: var(--x)", "position: fixed",
     "content: 'x'", "background-color: image-set('http://x/y.png' 1x)", "color: red; background-color: url(x)"],
)  # fmt: skip
def test_styles_that_load_or_cover_are_dropped(style):
    clean = Markup().html(f'<p style="{style}">x</p>')
    assert clean in ('<p style="">x</p>', "<p>x</p>", '<p style="color: red">x</p>')


def test_latex_keeps_formulas_and_loses_commands_that_act():
    assert latex(r"$\frac{a}{b} <c$") == r"$\frac{a}{b} < c$"
    for text in (r"\href{javascript:f()}{x}", r"\style{background:url(x)}{x}", r"\hre&#102;{x}{y}", r"\require{x}"):
        assert INVISIBLE in latex(f"${text}$")
        assert INVISIBLE in Markup().markdown(f"${text}$")
        assert INVISIBLE in Markup().html(f"<p>${text}$</p>")


def outputs_after(*outputs):
    cell = new_code_cell("f()", metadata={"cvcourse": {"origin": "course"}}, outputs=list(outputs))
    return sanitise(new_notebook(cells=[cell])).cells[0].outputs


def test_outputs_are_text_and_pictures():
    data = {
        "text/plain": "plain <b>\x1b[31mred\x1b[0m\x1b[2K\x1b]8;;http://x\x07",
        "application/javascript": "f()",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "image/svg+xml": "<svg onload='f()'/>",
        "image/png": picture(),
        "image/jpeg": 'x" onerror="f()',
    }
    sizes = {
        "image/png": {"width": 30, "height": '1" onerror="f()', "alt": "x"},
        "filenames": {"image/png": "http://x"},
    }
    (shown,) = outputs_after(new_output("execute_result", data=data, metadata=sizes, execution_count=4))
    assert shown.data == {"text/plain": "plain <b>\x1b[31mred\x1b[0m]8;;http://x", "image/png": picture()}
    assert shown.metadata == {"image/png": {"width": 30}}
    for data in ({"image/svg+xml": "<svg/>"}, {"text/html": "<script>f()</script>"}):
        (left,) = outputs_after(new_output("display_data", data=data))
        assert left.data == {"text/plain": f"[an output is left out that is not shown here: {next(iter(data))}]"}


def test_text_of_errors_and_streams_stays_for_the_reader():
    text = "x < y <script>\tprogress\r100%\b\n"
    error = new_output("error", ename="E", evalue=text, traceback=[f"\x1b[0;31m{text}\x1b[0m"])
    stream = new_output("stream", name="stderr", text=text)
    assert outputs_after(error, stream) == [error, stream]


def test_a_reason_commands_no_terminal():
    assert clean("\x1b]0;owned\x07 \x1b[2J\x1b[31mred\x1b[0m\n") == "]0;owned  red"


def test_html_that_breaks_a_parser_is_left_out():
    (left,) = outputs_after(
        new_output("display_data", data={"text/html": "<style></style><![www.x.org ]>", "text/plain": "x"})
    )
    assert left.data == {"text/html": UNCHECKED, "text/plain": "x"}


def test_a_bomb_of_a_picture_is_no_picture():
    bomb = picture(size=(12_000, 12_000))
    (left,) = outputs_after(new_output("display_data", data={"image/png": bomb}))
    assert list(left.data) == ["text/plain"]


def test_the_courses_cells_and_code_stay_and_a_students_cells_are_cleaned():
    text = "<script>f()</script>"
    own = {"cvcourse": {"origin": "student"}, "jupyter": {"source_hidden": True}, "alt": text}
    locked = tiny.cell_of(tiny.solved(), "setup").metadata
    cells = [
        new_markdown_cell(text, metadata={"cvcourse": {"origin": "course"}, "slideshow": {"slide_type": "slide"}}),
        new_markdown_cell(text, metadata=locked),
        new_markdown_cell(text, metadata=dict(own)),
        new_raw_cell("<b>x</b>", metadata={"raw_mimetype": "text/html"}),
        new_code_cell(f'print("{text}")', metadata=dict(own)),
    ]
    before = json.loads(json.dumps(cells[:2]))
    notebook = new_notebook(cells=cells, metadata={"title": text, "widgets": {}, "kernelspec": KERNEL})
    clean = sanitise(notebook)
    assert json.loads(json.dumps(clean.cells[:2])) == before
    assert clean.metadata == {"kernelspec": KERNEL}
    assert [cell.source for cell in clean.cells[2:]] == [
        f"<{INVISIBLE}script>f()<{INVISIBLE}/script>", f"<{INVISIBLE}b>x<{INVISIBLE}/b>", f'print("{text}")',
    ]  # fmt: skip
    assert [dict(cell.metadata) for cell in clean.cells[2:]] == [
        {"cvcourse": {"origin": "student"}}, {}, {"cvcourse": {"origin": "student"}},
    ]  # fmt: skip


def test_it_is_the_same_when_done_twice():
    outputs = [new_output("display_data", data={"text/html": "<p onclick=x>$\\href{x}{y}$ &amp; &#101;<svg>"})]
    cells = [new_markdown_cell("<script>![a](http://x) \\href &#101;"), new_code_cell("1", outputs=outputs)]
    once = sanitise(new_notebook(cells=cells))
    again = json.dumps(once)
    assert json.dumps(sanitise(once)) == again


NESTED = [
    "<div>",
    "<b>",
    "<a><b",
    "<!--",
    "](",
    "![",
    "](<",
    "`<",
    "[a]: ",
    "&#",
    "<b a='1'>",
    "```mermaid",
    "\\href",
    " on",
]


@pytest.mark.parametrize("kind", ["html", "markdown", "latex"])
def test_a_megabyte_takes_less_than_a_second(kind):
    slowest = 0.0
    for piece in NESTED:
        output = new_output("display_data", data={f"text/{kind}": piece * (1_000_000 // len(piece))})
        began = time.process_time()
        outputs_after(output)
        slowest = max(slowest, time.process_time() - began)
    assert slowest < 1.0


def test_the_largest_html_that_is_taken_takes_about_a_second_and_a_larger_one_is_left_out():
    table = "<table>" + "<tr><td>1</td><td>2</td></tr>" * (MOST_MARKS // 6 - 1) + "</table>"
    nested = "<div>" * (MOST_MARKS // 2) + "</div>" * (MOST_MARKS // 2)
    began = time.process_time()
    assert Markup().html(table) == table.replace("<tr>", "<tbody><tr>", 1).replace("</table>", "</tbody></table>")
    assert Markup().html(nested) == nested
    assert time.process_time() - began < 2.0
    many = [new_output("display_data", data={"text/html": table}) for _ in range(5)]
    assert [one.data["text/html"] == UNCHECKED for one in outputs_after(*many)] == [False] * 3 + [True] * 2
