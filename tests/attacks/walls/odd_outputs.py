"""Show what no notebook may hold.

tries: outputs with wrong types, lone surrogates, deep nesting, not-a-number, unknown kinds
gains: a notebook that crashes the grader, the feedback page or the next program that reads it
must: what does not fit the schema is left out, text is mended
"""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

BARE = False

CELL = r"""
from cvcourse.grading.isolation.inside.shell import capture
deep = []
for _ in range(500):
    deep = [deep]
print("a lone surrogate: \ud800")
for operation in (["display", {"text/plain": 5}, {}, None], ["display", {"application/json": deep}, {}, None],
                  ["stream", "stdlog", "x"], ["error", {}, [], 5], ["result", [], {}, -1], ["nothing"]):
    capture.note(operation, 10)
"""


def check(outputs, scene) -> None:
    cell = new_code_cell("", outputs=outputs.outputs)
    nbformat.validate(new_notebook(cells=[cell]))
    nbformat.writes(new_notebook(cells=[cell])).encode("utf-8")
    assert outputs.rejected == 6 and outputs.text == "a lone surrogate: ?\n"
