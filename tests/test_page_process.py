"""No notebook keeps busy what makes pages of it: long texts are not parsed, and each page has a limit of time."""

import functools
import time

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tornado import web
from traitlets.config import Config

from cvcourse.grading import feedback, formgrader, grade, page_process
from cvcourse.grading.fenced import MOST_IN_ALL, MOST_MARKDOWN
from cvcourse.grading.grade import grade_class
from cvcourse.grading.markup import Markup
from cvcourse.grading.measured_html import MeasuredHTML
from cvcourse.grading.page_process import PageError, PageProcess
from cvcourse.grading.page_worker import Job
from cvcourse.grading.report import report
from cvcourse.grading.sanitise import sanitise
from tests import tiny_course as tiny
from tests.attacks.notebooks import slow_to_show

EXPORTER = "tests.page_exporters:Exporter"


def job(name, seconds=1.0):
    return Job(EXPORTER, filename=name, seconds=seconds)


@pytest.fixture
def pages():
    process = PageProcess()
    process.start(EXPORTER)
    yield process
    process.close()


@pytest.mark.parametrize(
    ("name", "wall", "why"),
    [
        ("endless", 60.0, "more than 1 seconds of computing"),
        ("asleep", 5.0, "more than 1 seconds of computing"),
        ("killed", 60.0, r"the process that made it ended \(-9\)"),
        ("wrong", 60.0, "^ValueError: no x+$"),
    ],
)
def test_a_page_that_cannot_be_made_costs_itself_only(pages, name, wall, why):
    assert pages.page(job("a")) == "the page of a"
    with pytest.raises(PageError, match=why) as found:
        pages.page(job(name), wall)
    assert len(str(found.value)) <= 200
    assert pages.page(job("b")) == "the page of b"


def test_a_stopped_page_is_not_taken_for_the_next_one(pages, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(PageProcess, "_answer", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pages.page(job("a"))
    assert pages.page(job("b")) == "the page of b"


def hostile():
    return new_notebook(cells=[*map(new_markdown_cell, slow_to_show.MARKDOWN), *map(new_code_cell, slow_to_show.CODE)])


def test_the_texts_of_an_attack_are_shown_as_they_stand_in_seconds():
    began = time.process_time()
    page, _ = MeasuredHTML(template_name="classic").from_notebook_node(sanitise(hostile()))
    assert time.process_time() - began < 15
    shown = BeautifulSoup(page, "html.parser").get_text()
    for text in (slow_to_show.MARKDOWN[0], slow_to_show.MARKDOWN[1], slow_to_show.PERL, slow_to_show.CODE[2]):
        assert text in shown.replace("\u200b", "")


def test_python_is_coloured_and_nothing_else():
    texts = ["x = 1", "%%time\nx = 1", "%%perl\nx = 1", "x = 1\n" * 4000]
    page, _ = MeasuredHTML().from_notebook_node(new_notebook(cells=[*map(new_code_cell, texts)]))
    blocks = BeautifulSoup(page, "html.parser").select("div.highlight pre")
    assert [bool(one.find("span", class_="mi")) for one in blocks] == [True, True, False, False]
    fences = ["```python\nx = 1\n```", "```perl\nx = 1\n```"]
    page, _ = MeasuredHTML().from_notebook_node(new_notebook(cells=[*map(new_markdown_cell, fences)]))
    assert [bool(one.find("span")) for one in BeautifulSoup(page, "html.parser").find_all("pre")] == [True, False]


def test_long_markdown_becomes_a_block_of_code_and_a_picture_is_not_long():
    picture = f"![drawn](data:image/png;base64,{'A' * 300_000}) and words"
    assert Markup().markdown(picture) == picture
    text = "Words with `ticks`, ```` more ```` and *stars*.\n" * (MOST_MARKDOWN // 40)
    fenced = Markup().markdown(text)
    assert fenced == f"~~~\n{text}\n~~~"
    assert Markup().markdown(fenced) == fenced
    assert BeautifulSoup(markdown2html_mistune(fenced), "html.parser").find("code").get_text().strip() == text.strip()
    markup, text = Markup(), "word " * (MOST_MARKDOWN // 5)
    made = [markup.markdown(text) for _ in range(MOST_IN_ALL // MOST_MARKDOWN + 1)]
    assert [one == text for one in made] == [True] * (len(made) - 1) + [False]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    paths = tiny.make_class(tmp_path_factory.mktemp("pages") / "course", students="ab")
    for student in "ab":
        tiny.submit(paths.class_dir, student, tiny.handed_in())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "Farm", tiny.FarmHere)
        grade_class(paths, tiny.UNIT)
    return paths


def test_a_page_that_takes_too_long_has_the_outcomes_and_the_report_says_why(graded, monkeypatch):
    notebook = graded.class_dir / "autograded" / "b" / tiny.UNIT / f"{tiny.UNIT}.ipynb"
    notebook.chmod(0o644)
    notebook.write_text("endless" * 3)  # not JSON
    monkeypatch.setattr(feedback, "make_page", functools.partial(feedback.make_page, seconds=20))
    result = report(graded, tiny.UNIT)
    assert [note.split(":")[0] for note in result.notes] == ["b gets the outcomes without the notebook"]
    pages = {one: (graded.class_dir / "feedback" / one / tiny.UNIT / f"{tiny.UNIT}.html").read_text() for one in "ab"}
    assert "could not be made" in pages["b"] and "could not be made" not in pages["a"]
    assert all("double-hidden" in page and "passed" in page for page in pages.values())
    monkeypatch.setattr(feedback, "PAGE", EXPORTER.replace(":Exporter", ":Endless"))
    monkeypatch.setattr(feedback, "make_page", functools.partial(page_process.make_page, seconds=1))
    notes = report(graded, tiny.UNIT).notes
    assert len(notes) == 2 and all("more than 1 seconds of computing" in note for note in notes)


def test_formgrader_shows_a_submission_of_an_older_version_without_formatting(tmp_path, monkeypatch):
    file = tmp_path / "x.ipynb"
    nbformat.write(hostile(), file)
    monkeypatch.setattr(formgrader, "CPU_SECONDS", 6.0)
    shown = formgrader._Submissions(Config()).from_filename(str(file), {"student": "a"})[0]
    assert slow_to_show.MARKDOWN[1] in shown
    with pytest.raises(web.HTTPError):
        formgrader._Submissions(Config()).from_filename(str(tmp_path / "none.ipynb"), {"student": "a"})
