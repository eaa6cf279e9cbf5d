"""nbgrader's plain `generate_feedback` never shows the source of a hidden test, however a submission provokes it."""

import os
import pprint
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_output

from cvcourse.grading import grade
from cvcourse.grading.grade import Options, grade_class
from cvcourse.grading.hidden_text import LEFT_OUT, HiddenText
from cvcourse.grading.walled import Walls
from tests import tiny_course as tiny

# Every line of these holds the word "concealed", or is too short to tell anything.
HIDDEN = {
    "multi-line": """
        concealed_total = 142
        assert (
            double(
                71
            )
            == concealed_total
        ), "71 was not doubled"
        """,
    "cause": """
        try:
            assert double(1) == "concealed value"
        except AssertionError as concealed_error:
            raise ValueError("this value is wrong") from concealed_error
        """,
    "context": """
        try:
            assert double(1) == "concealed value"
        except AssertionError:
            concealed_note = "no such value"
            raise LookupError(concealed_note)
        """,
    "warning": """
        import warnings as concealed_warnings
        def concealed_check(x):
            concealed_warnings.warn("an odd value")
            w = x + 1; q(w)
        q = lambda concealed: concealed_warnings.warn("another odd value", stacklevel=2)
        concealed_check(double(1))
        assert double(1) == 2, "1 was not doubled"
        """,
    "syntax": """
        eval("concealed_syntax +* double(3)")
        """,
    "broken": """
        concealed_broken = double(3
        """,
    "helper": """
        def check_helper(function):
            concealed_result = function(5)
            if not concealed_result == 10:
                raise RuntimeError("the helper says no")
        assert True, "concealed"
        """,
}
NOSY = """
import gc, inspect, linecache, sys, traceback
def double(x):
    print(In, x)
    traceback.print_stack()
    for info in inspect.stack(context=9):
        print(info.filename, info.code_context, info.frame.f_locals.keys())
    for lines in list(linecache.cache.values()):
        print(lines[2] if len(lines) > 2 else lines)
    print([text for text in gc.get_objects() if isinstance(text, str) and "BEGIN " "HIDDEN" in text])
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise KeyError("my own error") from error
"""


def _hidden_cell(name):
    body = textwrap.dedent(HIDDEN[name]).strip()
    return tiny._code(f"### BEGIN HIDDEN TESTS\n{body}\n### END HIDDEN TESTS", f"hidden-{name}", points=1)


SOLVED = tiny.solved


def solved():
    notebook = SOLVED()
    place = next(n for n, cell in enumerate(notebook.cells) if cell.source.startswith("## Exercise 2"))
    visible = tiny._code("check_helper(double)", "visible-helper", points=1)
    notebook.cells[place:place] = [*map(_hidden_cell, HIDDEN), visible]
    return notebook


def _printing(notebook, *arguments):
    """Stands in for a grader without walls, where a submission can print every cell."""
    runs = tiny.run_here(notebook, *arguments)
    sources = [cell.source for cell in notebook.cells]
    html = "".join(f"<b>{word}</b>" for word in re.findall(r"\S+\s*", "\n".join(sources)))
    for cell in notebook.cells:
        if cell.source == "print(In)":
            cell.outputs = [
                new_output("stream", text=f"{sources}\n"),
                new_output("stream", text=pprint.pformat(sources, width=30)),
                new_output("stream", text=pprint.pformat(sources, width=30), name="stderr"),
                new_output("display_data", data={"text/html": html, "text/plain": repr(sources)}),
                new_output("display_data", data={"text/markdown": "\n\n".join(sources)}),
                new_output("error", ename="E", evalue=str(sources), traceback=["my own frame", *sources]),
            ]
    return runs


@pytest.fixture(scope="module")
def pages(tmp_path_factory, zygote):
    """The feedback pages, as text, of a class graded behind walls (`a`, `b`) and without (`c`)."""
    work = tmp_path_factory.mktemp("hidden")
    with pytest.MonkeyPatch.context() as patch, Walls(zygote=zygote) as walls:
        patch.setattr(tiny, "solved", solved)
        paths = tiny.make_class(work / "course", students="abc")
        printing = tiny.handed_in(double="def double(x):\n    return x")
        printing.cells.append(new_code_cell("print(In)"))
        tiny.submit(paths.class_dir, "a", tiny.handed_in(double=NOSY))
        tiny.submit(paths.class_dir, "b", tiny.handed_in(double="def double(x):\n    return x"))
        tiny.submit(paths.class_dir, "c", printing)
        patch.setattr(grade, "Farm", tiny.FarmHere)
        patch.setattr(tiny.FarmHere, "run", staticmethod(walls.run))
        grade_class(paths, tiny.UNIT, Options(students=["a", "b"]))
        patch.setattr(tiny.FarmHere, "run", staticmethod(_printing))
        grade_class(paths, tiny.UNIT, Options(students=["c"]))
    program = Path(sys.executable).parent
    environment = {**os.environ, "PATH": os.pathsep.join([str(program), os.environ["PATH"]])}
    environment["PYTHONPATH"] = os.pathsep.join([str(tiny.ROOT), os.environ["PYTHONPATH"]])
    command = [shutil.which("nbgrader", path=str(program)), "generate_feedback", tiny.UNIT]
    done = subprocess.run(command, cwd=paths.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    files = {name: paths.class_dir / "feedback" / name / tiny.UNIT / f"{tiny.UNIT}.html" for name in "abc"}
    return {name: BeautifulSoup(file.read_text("utf-8"), "html.parser").get_text() for name, file in files.items()}


@pytest.mark.sandbox
@pytest.mark.parametrize("student", ["a", "b", "c"])
def test_no_page_quotes_a_hidden_test(pages, student):
    text = pages[student]
    assert "This test is not shown" in text
    found = [line for line in text.splitlines() if re.search("concealed|HIDDEN TESTS|secret_input", line)]
    assert not found
    for line in ("double(", "71", "== 142", "w = x + 1", "q(w)", "shift(-10)"):
        shown = [one for one in text.splitlines() if one.strip().lstrip("->0123456789 ").startswith(line)]
        assert not [one for one in shown if "def" not in one]


@pytest.mark.sandbox
def test_pages_still_say_what_is_wrong_with_the_students_values(pages):
    for told in (
        "71 was not doubled",
        "this value is wrong",
        "no such value",
        "double(3) is 6, not 3",
        "says no",
    ):
        assert told in pages["b"], told
    assert "an odd value" not in pages["b"]  # printed in a hidden test: it could be the input
    assert "my own error" in pages["a"]
    assert "my own frame" in pages["c"]
    assert LEFT_OUT in pages["c"]


@pytest.mark.sandbox
def test_no_page_shows_the_graders_own_frames(pages):
    for student in ("b", "c"):  # "a" prints the frames of its own kernel
        assert "grading/proxies" not in pages[student]
        assert "site-packages" not in pages[student]
    assert "Traceback" in pages["c"]


def test_ordinary_text_is_not_taken_for_a_hidden_test():
    hidden = HiddenText(solved().cells)
    for text in ("assert double(3) == 6", "x = double(1)", "71", ")", "import warnings", "a\n\nb"):
        assert hidden.censored(text) == text
    assert hidden.censored("one\nconcealed_total = 142\ntwo") == f"one\n{LEFT_OUT}\ntwo"
