"""A notebook full of attacks, looked at in a real browser after grading: nothing runs and nothing is loaded.

The control is the same notebook without the cleaning: there most of the attacks succeed.
"""

import re
from contextlib import contextmanager

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from cvcourse.grading import grade, marking
from cvcourse.grading.feedback import feedback_page
from cvcourse.grading.grade import Options, grade_class
from cvcourse.grading.gradebook import open_gradebook
from tests import tiny_course as tiny
from tests.browser import chromium, server
from tests.requirements import require
from tests.web_attacks import CLICK, MARKDOWN, OUTPUTS, SHOW, START, CountingServer, markdown_attacks, output_attacks

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
CLEAN, RAW = "a", "b"


@pytest.fixture(scope="module")
def counting():
    with CountingServer() as running:
        yield running


@pytest.fixture(scope="module")
def paths(tmp_path_factory, counting):
    """A class of two who hand in the same attacks; the notebook of one was not cleaned."""
    require("browser")  # before the class is made, which takes a while
    paths = tiny.make_class(tmp_path_factory.mktemp("attacked") / "course", students=CLEAN + RAW)
    work = tiny.handed_in()
    work.cells += [new_markdown_cell(text) for text in markdown_attacks(counting.url)]
    work.cells += [new_raw_cell("<script>top.fired.push('raw')</script>"), new_code_cell(SHOW)]

    def run(notebook, *arguments):
        runs = tiny.run_here(notebook, *arguments)
        next(cell for cell in notebook.cells if cell.source == SHOW).outputs = output_attacks(counting.url)
        return runs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "Farm", tiny.FarmHere)
        patch.setattr(tiny.FarmHere, "run", staticmethod(run))
        for student in (CLEAN, RAW):
            tiny.submit(paths.class_dir, student, work)
            if student == RAW:
                patch.setattr(marking, "sanitise", lambda notebook: notebook)
            grade_class(paths, tiny.UNIT, Options(students=[student]))
    return paths


@pytest.fixture(scope="module")
def jupyter(paths):
    """Address and token of the server that formgrader runs on."""
    with server("formgrader", paths.root) as address:
        yield re.match(r"(http://[^/]+)/.*(token=\w+)", address).groups()


def autograded(paths, student):
    return paths.class_dir / "autograded" / student / tiny.UNIT / f"{tiny.UNIT}.ipynb"


@contextmanager
def watched(counting):
    """A page and what happens on it: `fired` names the attacks that succeeded, once `look` has opened an address."""
    with chromium(require("browser")) as page:
        page.set_default_timeout(120_000)
        page.add_init_script(START)
        dialogs = []
        page.on("dialog", lambda dialog: _close(dialog, dialogs))

        def look(address, wait):
            counting.hits.clear()
            dialogs.clear()
            page.goto(address, wait_until="commit")
            wait(page)
            page.wait_for_function("document.readyState != 'loading'")  # links below are not there before
            page.evaluate(CLICK)
            page.wait_for_timeout(1000)
            title = ["a title"] if page.title() == "owned" else []
            return {*page.evaluate("() => window.fired"), *counting.hits, *dialogs, *title}

        yield look


def _close(dialog, dialogs):
    if dialog.type != "beforeunload":  # JupyterLab's own, when its page is left
        dialogs.append("a dialog")
    dialog.accept()


def shows(text):
    return lambda page: page.get_by_text(text).first.wait_for()


def test_the_feedback_page_is_quiet_and_a_plain_page_is_not(paths, counting, tmp_path):
    page = feedback_page(paths, tiny.UNIT, CLEAN).page
    control = tmp_path / "control.html"
    control.write_text(HTMLExporter().from_filename(str(autograded(paths, RAW)))[0], encoding="utf-8")
    with watched(counting) as look:
        assert look(page.as_uri(), shows("Exercise 1")) == set()
        fired = look(control.as_uri(), shows("Exercise 1"))
    assert {"a dialog", "a title"} <= fired
    assert len(fired) > 45, sorted({*MARKDOWN, *OUTPUTS} - fired)


def test_formgrader_is_quiet_and_without_the_cleaning_it_is_not(paths, counting, jupyter):
    base, token = jupyter
    with open_gradebook(paths) as gradebook:
        ids = {one.student.id: one.id for one in gradebook.notebook_submissions(tiny.UNIT, tiny.UNIT)}
    pages = {student: f"{base}/formgrader/submissions/{ids[student]}/?{token}" for student in (CLEAN, RAW)}
    with watched(counting) as look:
        assert look(pages[CLEAN], shows("Exercise 1")) == set()
        fired = look(pages[RAW], shows("Exercise 1"))
    assert {"a dialog", "a title"} <= fired
    assert len(fired) > 45, sorted({*MARKDOWN, *OUTPUTS} - fired)


@pytest.mark.full
def test_jupyterlab_is_quiet_and_loads_pictures_where_nothing_was_cleaned(paths, counting, jupyter):
    base, token = jupyter
    with watched(counting) as look:
        address = f"{base}/lab/tree/class/autograded/STUDENT/{tiny.UNIT}/{tiny.UNIT}.ipynb?{token}"
        assert look(address.replace("STUDENT", CLEAN), whole_notebook) == set()
        assert {"image", "img"} <= look(address.replace("STUDENT", RAW), whole_notebook)


def whole_notebook(page):
    """Wait until JupyterLab has rendered every cell: it does so only for those that are in sight."""
    page.set_viewport_size({"width": 1400, "height": 30_000})
    page.get_by_text("output-stream").first.wait_for(state="attached")


def test_the_cleaned_notebook_is_a_notebook(paths):
    notebook = nbformat.read(autograded(paths, CLEAN), as_version=4)
    nbformat.validate(notebook)
    cell = next(cell for cell in notebook.cells if cell.source == SHOW)
    assert len(cell.outputs) == len(output_attacks("http://x"))
