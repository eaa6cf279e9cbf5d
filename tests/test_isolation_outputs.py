"""Outputs built from what a kernel sends: nbformat's own, limited, and safe against what no honest kernel sends."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cvcourse.grading.isolation import outputs
from cvcourse.grading.isolation.outputs import CUT, MOST_OPERATIONS, MOST_OUTPUTS, OutputBuilder
from cvcourse.grading.isolation.wire import WireError


def build(*operations: list, limit: int = 10_000) -> tuple[list, OutputBuilder]:
    builder = OutputBuilder(limit, {})
    builder.add(list(operations))
    made = builder.finish()
    nbformat.validate(new_notebook(cells=[new_code_cell("", outputs=made)]))
    json.dumps(made).encode("utf-8")
    return made, builder


def test_pieces_of_a_stream_are_joined_and_streams_kept_apart() -> None:
    made, _ = build(
        ["stream", "stdout", "a"], ["stream", "stdout", "b"], ["stream", "stderr", "c"], ["stream", "stdout", "d"]
    )
    assert [(one.name, one.text) for one in made] == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d")]


def test_each_kind_becomes_its_output() -> None:
    made, builder = build(
        ["display", {"text/plain": "a", "image/png": "QQ=="}, {"image/png": {"alt": "a dot"}}, None],
        ["result", {"text/plain": "2"}, {}, 7],
        ["error", "ValueError", "no", ["line 1", "line 2"]],
    )
    assert [one.output_type for one in made] == ["display_data", "execute_result", "error"]
    assert made[0].metadata["image/png"].alt == "a dot"
    assert made[1].execution_count == 7
    assert made[2].traceback == ["line 1", "line 2"]
    assert builder.rejected == 0


def test_an_update_changes_earlier_outputs_also_of_earlier_cells() -> None:
    displays: dict = {}
    first, second = OutputBuilder(1000, displays), OutputBuilder(1000, displays)
    first.add([["display", {"text/plain": "one"}, {}, "here"]])
    second.add([["update", {"text/plain": "two"}, {}, "here"], ["update", {"text/plain": "x"}, {}, "nowhere"]])
    assert first.finish()[0].data == {"text/plain": "two"}
    assert second.finish() == []


def test_clear_output_now_and_at_the_next_output() -> None:
    assert build(["stream", "stdout", "a"], ["clear", False])[0] == []
    assert [one.text for one in build(["stream", "stdout", "a"], ["clear", True])[0]] == ["a"]
    made, _ = build(["stream", "stdout", "a"], ["clear", True], ["stream", "stdout", "b"])
    assert [one.text for one in made] == ["b"]


def test_what_is_too_long_is_cut_once_and_said() -> None:
    made, builder = build(*[["stream", "stdout", "x" * 400]] * 50, ["display", {"text/plain": "late"}, {}, None])
    assert builder.truncated
    assert sum(len(one.text) for one in made) <= 10_000 + len(CUT)
    assert made[-1].text == CUT


def test_clearing_gives_the_room_back() -> None:
    picture = ["display", {"image/png": "A" * 9000}, {}, None]
    made, builder = build(*[["clear", True], picture] * 20)
    assert len(made) == 1 and not builder.truncated


def test_many_tiny_outputs_come_to_an_end() -> None:
    made, builder = build(*[["display", {}, {}, None]] * 5000, limit=1 << 20)
    assert len(made) == MOST_OUTPUTS + 1 and builder.truncated
    with pytest.raises(WireError, match="outputs in one run"):
        build(*[["clear", False]] * (MOST_OPERATIONS + 1))


@pytest.mark.parametrize(
    "operation",
    [
        ["stream", "stdin", "a"],
        ["stream", "stdout", 5],
        ["stream"],
        ["display", "text", {}, None],
        ["display", {"text/plain": 5}, {}, None],
        ["display", {"text/plain": "a"}, [], None],
        ["display", {"text/plain": {"a": {}}}, {}, None],
        ["error", "a", "b", "c"],
        ["error", 1, "b", []],
        ["update", {"text/plain": "a"}, {}, {}],
        ["finish"],
        ["__class__"],
        ["display", {"application/json": json.loads("[" * 200 + "]" * 200)}, {}, None],
    ],
)
def test_what_does_not_fit_the_schema_is_left_out(operation: list) -> None:
    made, builder = build(operation, ["stream", "stdout", "after"])
    assert builder.rejected == 1
    assert [one.text for one in made] == ["after"]


@pytest.mark.parametrize("operations", [None, 5, {}, ["a"], [[]], [[5]], [[["stream"]]]])
def test_no_list_of_operations_is_a_protocol_error(operations: object) -> None:
    with pytest.raises(WireError):
        OutputBuilder(1000, {}).add(operations)


def test_text_that_no_file_can_hold_is_mended() -> None:
    lone = json.loads('"\\ud800"')
    made, _ = build(["stream", "stdout", lone], ["display", {"text/html": lone}, {lone: lone}, None])
    assert made[0].text == "?" and made[1].data["text/html"] == "?"


def test_execution_counts_are_numbers() -> None:
    for wrong in ("1", -1, True, 1 << 40, 1.5):
        assert build(["result", {}, {}, wrong])[0][0].execution_count is None


def test_a_long_stream_of_single_characters_is_not_slow() -> None:
    import time

    began = time.process_time()
    build(*[["stream", "stdout", "x"]] * 90_000, limit=1 << 22)
    assert time.process_time() - began < 5


def test_status_lists_agree() -> None:
    assert set(outputs.GONE) | {"ok", "error"} == set(outputs.Status.__args__)
