"""JupyterLab as `cvcourse lab` opens it, in headless Chromium: a lecture runs, a widget moves, no instructor pane."""

import pytest

from cvcourse.workspace import update
from tests.browser import COUNTS, ERRORS, READY, RUN_ALL, checkout, chromium, keep_screenshot, server
from tests.conftest import ROOT
from tests.requirements import require

LECTURES = [path.name for path in sorted((ROOT / "course" / "lectures").glob("*.ipynb"))]
# The test run drives the first lecture; the full run drives all of them.
CHOSEN = [pytest.param(name, id=name, marks=[pytest.mark.full] if index else []) for index, name in enumerate(LECTURES)]
RUN_SECONDS = 240

SCROLL_TO_WIDGET = """async () => {
    const content = window.jupyterapp.shell.currentWidget.content;
    const view = 'application/vnd.jupyter.widget-view+json';
    const index = content.widgets.findIndex(cell =>
        (cell.model.toJSON().outputs ?? []).some(output => output.data?.[view]));
    await content.scrollToItem(index, 'center');
    return index;
}"""
SAVE = "async () => { await window.jupyterapp.commands.execute('docmanager:save') }"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A page and the address of a server on a copy of the built course, on whose workspace the server runs."""
    executable = require("browser")
    assert LECTURES, "course/lectures holds no notebook: run `cvcourse build`"
    copy = checkout(ROOT, tmp_path_factory.mktemp("lab") / "check out", "course")
    with server("lab", copy) as address, chromium(executable) as page:
        yield page, address, copy


def open_notebook(page, address: str, path: str) -> None:
    base, token = address.split("/lab?")
    page.goto(f"{base}/lab/tree/{path}?{token}&reset")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate(READY)


@pytest.mark.browser
def test_a_new_reader_sees_the_first_lecture_and_no_pane_for_instructors(lab):
    page, address, copy = lab
    base, token = address.split("/lab?")
    page.goto(address)
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate(READY)
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path") == f"lectures/{LECTURES[0]}"
    assert page.locator(".jp-DirListing-item").count() > 0
    menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
    assert "File" in menus and "Nbgrader" not in menus
    commands = page.evaluate("() => window.jupyterapp.commands.listCommands()")
    assert not [command for command in commands if command.startswith("nbgrader:open")]
    assert page.request.get(f"{base}/formgrader?{token}").status == 404
    assert page.locator(".Toastify__toast").count() == 0
    keep_screenshot(page, "lab")

    # To look at a notebook and to save it does not make it the reader's: the next release may replace it.
    page.evaluate(SAVE)
    saved, release = (copy / folder / "lectures" / LECTURES[0] for folder in ("workspace", "course"))
    assert saved.read_bytes() != release.read_bytes()
    release.write_bytes(release.read_bytes().replace(b"cvcourse", b"cvcourse ", 1))
    assert update(copy / "course", copy / "workspace").updated == [f"lectures/{LECTURES[0]}"]


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CHOSEN)
def test_a_lecture_runs_and_a_widget_changes_its_picture(lab, name, tmp_path):
    page, address, _ = lab
    open_notebook(page, address, f"lectures/{name}")
    page.set_default_timeout(RUN_SECONDS * 1000)
    page.evaluate(RUN_ALL)
    assert page.evaluate(ERRORS) == []
    counts = page.evaluate(COUNTS)
    assert counts and counts == list(range(1, len(counts) + 1))

    page.set_default_timeout(30_000)
    index = page.evaluate(SCROLL_TO_WIDGET)
    assert index >= 0
    widget = page.locator(".jp-Cell", has=page.get_by_role("slider")).first
    slider = widget.get_by_role("slider").first
    picture = widget.locator("img.widget-image").first
    value, source = slider.get_attribute("aria-valuenow"), picture.get_attribute("src")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([picture, before]) => picture.src != before", arg=[picture.element_handle(), source])
    assert slider.get_attribute("aria-valuenow") != value
    keep_screenshot(page, f"lab_{name}")
