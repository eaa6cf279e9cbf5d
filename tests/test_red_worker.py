"""What a file or an output can do to the worker, outside the kernels and their limits: take its memory, or its time."""

import json
import time

import pytest

from cvcourse.grading.execute import Limits
from cvcourse.grading.isolation.outputs import OutputBuilder
from cvcourse.grading.marking import mark
from cvcourse.grading.markup import Markup
from cvcourse.grading.outcomes import Outcome
from cvcourse.grading.reasons import LONGEST_REASON, clean
from cvcourse.grading.submission import MOST_CELLS, MOST_PARTS, MOST_TEXT
from tests import tiny_course as tiny


def marked(data: bytes):
    return mark(tiny.solved(), data, "1", Limits(), stubs=tiny.STUBS, run=tiny.run_here)


def with_cell(text: str, times: int = 1) -> bytes:
    notebook = tiny.handed_in()
    own = {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
    notebook.cells += [own] * times
    return tiny.as_bytes(notebook)


@pytest.mark.parametrize(
    "data",
    [
        b'{"cells": [' + b"{}," * (MOST_PARTS // 2 + 1) + b"{}]}",
        with_cell("", MOST_CELLS + 1),
        with_cell("x = 1\n" * (MOST_TEXT // 6 + 1)),
        json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code"}] * (MOST_CELLS + 1)}]}).encode(),
        json.dumps({"nbformat": "3" * 1_000_000, "worksheets": []}).encode(),
    ],
    ids=["parts", "cells", "text", "old cells", "long format"],
)
def test_a_file_of_too_much_is_refused_at_once_and_in_few_words(data):
    began = time.process_time()
    result = marked(data)
    assert time.process_time() - began < 10
    assert {one.outcome for one in result.verdicts} == {Outcome.BROKEN}
    assert len(result.broken) <= LONGEST_REASON
    assert len(json.dumps(result.notebook)) < 100_000


def test_a_long_cell_is_not_parsed_for_its_definitions(monkeypatch):
    parsed = []
    monkeypatch.setattr("cvcourse.grading.submission.defined_names", lambda text: parsed.append(text) or frozenset())
    marked(with_cell("x = 1\n" * 20_000))
    assert max(map(len, parsed)) < 20_000


def test_lone_surrogates_do_not_keep_a_notebook_from_being_written():
    notebook = tiny.handed_in(double=tiny.RIGHT["double"] + "  # \ud800")
    result = marked(tiny.as_bytes(notebook))
    json.dumps(result.notebook, ensure_ascii=False).encode()
    assert sum(one.points for one in result.verdicts) == 10


def test_an_update_counts_once_for_each_output_that_it_changes():
    builder = OutputBuilder(10_000, {})
    builder.add([["display", {"text/plain": "a"}, {}, "same"]] * 90)
    builder.add([["update", {"text/plain": "b" * 5_000}, {}, "same"]])
    assert builder.truncated
    assert sum(len(str(one)) for one in builder.finish()) < 40_000


def test_outputs_that_were_cleared_are_let_go():
    displays = {}
    builder = OutputBuilder(10_000, displays)
    for number in range(50):
        builder.add([["display", {"text/plain": "b" * 5_000}, {}, str(number)], ["clear", False]])
    assert not any(displays.values())


@pytest.mark.parametrize(
    "html",
    [
        "<a " + "a='b' " * 100_000 + ">",
        "<a " + '"' * 500_000,
        '<a x=">"' + 'y=">"' * 100_000,
        "<a/" + "b/" * 500_000,
    ],
    ids=["attributes", "quotes", "signs in values", "slashes"],
)
def test_html_with_endless_tags_is_left_out(html):
    began = time.process_time()
    assert Markup().html(html) is None
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "html",
    [
        '<table border="1">' + "<tr><td style='color: red'>1 > 0</td></tr>" * 600 + "</table>",
        '<img src="data:image/png;base64,' + "A/+=" * 100_000 + '" width="3" />',
    ],
    ids=["table", "picture"],
)
def test_large_plain_html_stays(html):
    assert len(Markup().html(html)) > len(html) / 2


def test_a_reason_steers_no_terminal():
    text = clean("a\x1b]0;title\x07\x1b]8;;http://x\x1b\\b\x9b31m\u202ec\nd\r\x00\ud800")
    assert all(letter.isprintable() or letter == "\n" for letter in text), ascii(text)
    assert "\n" in text
