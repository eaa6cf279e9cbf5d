"""Cleaning what a run leaves in a notebook, and what keeps a notebook from being published."""

import base64
import sys
import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cvcourse.build import outputs

PIXEL = base64.b64encode(b"a picture").decode()
ALT = {"image/png": {"alt": "A small picture"}}


def run(*cell_outputs, **metadata):
    """A notebook whose one cell left these outputs."""
    cell = new_code_cell("show()", outputs=list(cell_outputs), execution_count=7, metadata=metadata)
    return new_notebook(cells=[cell])


def stream(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def picture(alt=ALT, **data):
    return new_output("display_data", data={"image/png": PIXEL, **data}, metadata=dict(alt))


def cleaned(notebook, root=Path("/nowhere/checkout")):
    outputs.clean(notebook, root)
    return notebook.cells[0].outputs


def test_widget_state_goes_and_the_still_picture_stays():
    view = {outputs.WIDGET: {"model_id": "1"}, "text/plain": "Explorer()"}
    notebook = run(picture(**view), new_output("display_data", data=view))
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    (left,) = cleaned(notebook)
    assert set(left.data) == {"image/png", "text/plain"} and left.metadata == ALT
    assert "widgets" not in notebook.metadata


def test_progress_bars_go_and_other_lines_on_stderr_stay_to_be_refused():
    bar = "epoch 1: 100%|##########| 3/3 [00:00<00:00, 9.1it/s]\n"
    assert cleaned(run(stream(bar, "stderr"))) == []
    (left,) = cleaned(run(stream(bar + "UserWarning: take care\n", "stderr")))
    assert left.text == "UserWarning: take care\n"


def test_counts_are_one_to_n_and_timing_goes():
    cells = [new_code_cell(text, execution_count=9, metadata={"execution": {"x": "y"}}) for text in ("1", "", "2")]
    cells[2].outputs = [new_output("execute_result", data={"text/plain": "2"}, execution_count=9)]
    notebook = new_notebook(cells=cells)
    outputs.clean(notebook, Path("/nowhere"))
    assert [cell.execution_count for cell in notebook.cells] == [1, None, 2]
    assert notebook.cells[2].outputs[0].execution_count == 2
    assert all("execution" not in cell.metadata for cell in notebook.cells)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/nowhere/checkout/cvcourse/data.py", "cvcourse/data.py"),
        ("in /nowhere/checkout.", "in /nowhere/checkout."),
        ("in /nowhere/checkout\n", "in .\n"),
        (f"{sys.prefix}/lib", "$VIRTUAL_ENV/lib"),
        (f"{Path.home()}/data", "~/data"),
        (f"x{Path.home()}/data", f"x{Path.home()}/data"),
        (f"{tempfile.gettempdir()}/abc.py", "$TMPDIR/abc.py"),
        ("<Box at 0x7f12ab34cd56>", "<Box at 0x...>"),
        ("colour 0xffcc00", "colour 0xffcc00"),
    ],
)
def test_paths_and_addresses_of_this_machine_go(text, expected):
    assert cleaned(run(stream(text)))[0].text == expected
    html = new_output("display_data", data={"text/html": [text]})
    assert cleaned(run(html))[0].data["text/html"] == [expected]


def test_the_data_folder_is_called_by_its_variable(monkeypatch):
    monkeypatch.setenv("CVCOURSE_DATA", "/mnt/data/")
    assert cleaned(run(stream("from /mnt/data/mnist")))[0].text == "from $CVCOURSE_DATA/mnist"


def problems(*cell_outputs, **metadata):
    notebook = run(*cell_outputs, **metadata)
    outputs.clean(notebook, Path("/nowhere"))
    return outputs.problems(notebook, Path("/nowhere"))


def test_a_described_picture_is_fine():
    assert problems(picture(), stream("12 s")) == []


@pytest.mark.parametrize("alt", [{}, {"image/png": {"alt": " "}}, {"image/png": {"width": 3}}])
def test_a_picture_needs_alt_text(alt):
    (problem,) = problems(picture(alt))
    assert problem.startswith("cell 1 (show()): image/png without alt text")


def test_a_picture_in_html_needs_alt_text_too():
    assert problems(new_output("display_data", data={"text/html": '<img src="x" alt="A cat">'})) == []
    assert "<img> without alt" in problems(new_output("display_data", data={"text/html": '<img src="x" alt="">'}))[0]


def test_a_notebook_stays_below_two_megabytes():
    assert "MB, and 2 MB are the most" in problems(stream("x" * 2_000_000))[0]


def test_a_manual_run_is_noticed():
    notebook = run(stream(f"{Path.home()}/data"))
    notebook.cells[0].execution_count = 1
    assert "as a manual run leaves them" in outputs.problems(notebook, Path("/nowhere"))[0]


def test_a_large_picture_is_remarked():
    large = base64.b64encode(bytes(300_001)).decode()
    notebook = run(new_output("display_data", data={"image/png": large}, metadata=dict(ALT)))
    assert outputs.remarks(notebook) == ["cell 1 (show()): a picture of 300 kB: use fewer dots per inch"]
    assert outputs.remarks(run(picture())) == []


def test_outputs_are_reused_only_for_the_same_code():
    old, same, other = run(stream("done")), run(), run()
    other.cells[0].source = "show(1)"
    assert outputs.reuse(old, same).cells[0].outputs[0].text == "done"
    assert same.cells[0].outputs == []
    assert outputs.reuse(old, other) is None
    old.cells[0].execution_count = None
    assert outputs.reuse(old, same) is None
