"""JupyterLab as `cvcourse lab` opens it, in headless Chromium: a lecture runs, a widget moves, no instructor pane."""

import pytest

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


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A page and the address of a server on a copy of the built course, on whose workspace the server runs."""
    executable = require("browser")
    copy = checkout(ROOT, tmp_path_factory.mktemp("lab") / "check out", "course")
    with server("lab", copy) as address, chromium(executable) as page:
        yield page, address


def open_notebook(page, address: str, path: str) -> None:
    base, token = address.split("/lab?")
    page.goto(f"{base}/lab/tree/{path}?{token}&reset")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate(READY)


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CHOSEN)
def test_a_lecture_runs_and_a_widget_changes_its_picture(lab, name, tmp_path):
    page, address = lab
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


@pytest.mark.browser
def test_readers_see_no_instructor_pane_and_no_pop_up(lab):
    page, address = lab
    base, token = address.split("/lab?")
    page.goto(f"{base}/lab?{token}&reset")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate("async () => { await window.jupyterapp.restored }")
    menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
    assert "File" in menus and "Nbgrader" not in menus
    commands = page.evaluate("() => window.jupyterapp.commands.listCommands()")
    assert not [command for command in commands if command.startswith("nbgrader:open")]
    assert page.request.get(f"{base}/formgrader?{token}").status == 404
    assert page.locator(".Toastify__toast").count() == 0
    keep_screenshot(page, "lab")
