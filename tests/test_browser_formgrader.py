"""Formgrader as `cvcourse formgrader` opens it, in headless Chromium, on a class of three that was really graded."""

from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from cvcourse.build import pipeline
from cvcourse.cli import app
from tests.browser import chromium, keep_screenshot, server
from tests.requirements import require
from tests.tiny_source import ASSIGNMENT, TEST, make_checkout

UNIT = "01_tiny"
SECOND_TEST = TEST.replace("double-test", "double-zero").replace('"points": 2', '"points": 3')
# What each student answers, and what the two tests (2 and 3 points) give for it.
ANSWERS = {"ada": ("return number * 2", 5), "ben": ("return 0", 3), "cleo": ("raise NotImplementedError()", 0)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """A checkout whose class was enrolled, collected and graded by the command line."""
    require("browser")  # before the class is made, which takes a while
    root = tmp_path_factory.mktemp("formgrader") / "check out"
    paths = make_checkout(root, assignment=f"{ASSIGNMENT}\n# %% nbgrader={SECOND_TEST}\nassert double(0) == 0\n")
    pipeline.build(paths)
    rows = [f"{student},{student.title()} Example,{student}@example.org" for student in ANSWERS]
    (root / "students.csv").write_text("\n".join(["id,name,email", *rows]), encoding="utf-8")
    for student, (answer, _) in ANSWERS.items():
        notebook = nbformat.read(paths.release / UNIT / f"{UNIT}.ipynb", as_version=4)
        for cell in notebook.cells:
            cell.source = cell.source.replace("raise NotImplementedError()", answer)
        (root / "export" / student).mkdir(parents=True)
        nbformat.write(notebook, root / "export" / student / f"{UNIT}.ipynb")
    for command in (["roster", "students.csv"], ["collect", "export", "01"], ["grade", "01"]):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(root)
            done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
    return root


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_formgrader_shows_the_grades_of_a_class_of_three(graded):
    executable = require("browser")
    with server("formgrader", graded) as address, chromium(executable) as page:
        page.goto(address)
        formgrader = page.frame_locator("iframe")
        formgrader.get_by_role("row", name=UNIT).get_by_role("link", name="3", exact=True).click()
        for student, (_, points) in ANSWERS.items():
            row = formgrader.locator("tbody tr").filter(has_text=f"{student.title()}")
            row.wait_for()
            cells = row.locator("td").all_inner_texts()
            assert cells[1] == student and "graded" in cells[3].split(), cells
            assert cells[4].replace(" ", "") == f"{points}/5"
        keep_screenshot(page, "formgrader_submissions")
        assert page.locator(".Toastify__toast").count() == 0

        formgrader.get_by_role("link", name="Manual Grading").click()
        formgrader.get_by_role("link", name=UNIT).click()
        formgrader.get_by_role("link", name=UNIT).last.click()
        formgrader.get_by_role("row", name="Submission #1").wait_for()
        scores = formgrader.locator("td.overall-score, tbody tr td:nth-child(3)").all_inner_texts()
        assert sorted(score.replace(" ", "") for score in scores) == ["0/5", "3/5", "5/5"]
        keep_screenshot(page, "formgrader_scores")
