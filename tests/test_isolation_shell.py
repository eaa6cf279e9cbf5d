"""The shell of a kernel turns cells into Python as IPython does, also where it does not ask IPython."""

import json
import subprocess
import sys

import nbformat

from tests.conftest import ROOT

SPECIAL = [
    "%time 3",
    "%%time\n3",
    "x = %time 3",
    "x = !ls",
    "!ls",
    "for i in x:\n    !ls\n",
    "for i in x:\n    %time i\n",
    "x?",
    "x??",
    "?x",
    "a = x?",
    "/print 3",
    ",print 3",
    ";print 3",
    ">>> x = 3\n>>> y = 4",
    ">>> for i in x:\n...     i",
    "# a remark\n>>> x = 3",
    "In [1]: x = 3",
    "In [1]: for i in x:\n   ...:     i",
    "    x = 3\n    y = 4",
    "\n\n\nx = 3",
    "x = \\\n%time 3",
    "   # only a remark",
    "",
    "\n",
]
PLAIN = [
    "x = 3",
    "x = 3\n",
    "x = 3\n\n\n",
    "x != 3\n",
    "y = 7 % 3\nz = (7\n     - 3)",
    'text = """\n%time\n"""',
    "await x",
    'def f():\n    """Twice.\n\n    >>> f(1)\n    2\n    """\n    return 3',
    "x = 3\ny = 4\n...\n",
    "x: int = 3",
    "x = '?'",
    "f'{x!r}'",
    "x = (\n",
    "x = 3\r\ny = 4\r\n",
]
PROGRAM = """
import json, sys
from IPython.core.inputtransformer2 import TransformerManager
from cvcourse.grading.isolation.inside import shell as inside
shell, asked = inside.build_shell(), []

def given(source, transform):
    try:
        return transform(source)
    except SyntaxError as error:
        return str(error)

def note(self, lines, real=TransformerManager.do_token_transforms):
    asked.append("".join(lines))
    return real(self, lines)

sources = json.load(sys.stdin)
expected = [given(source, TransformerManager().transform_cell) for source in sources]
TransformerManager.do_token_transforms = note
found = [given(source, shell.transform_cell) for source in sources]
shell.input_transformers_post.append(lambda lines: ["added = 1"])
added = shell.transform_cell("x = 3")
json.dump([expected, found, asked, added], sys.stdout)
"""


def test_cells_become_what_ipython_makes_of_them() -> None:
    notebooks = [nbformat.read(path, as_version=4) for path in sorted(ROOT.glob("solutions/*/*.ipynb"))]
    ours = [cell.source for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"]
    sources = SPECIAL + PLAIN + ours
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, input=json.dumps(sources), capture_output=True, text=True, check=True, cwd=ROOT)
    expected, found, asked, added = json.loads(done.stdout)
    assert found == expected
    assert expected[0] == "get_ipython().run_line_magic('time', '3')\n"
    assert added == "added = 1"
    # Most cells are not taken apart, else there would be nothing to compare.
    assert "x = 3\n" not in asked and len(asked) < len(SPECIAL) + 0.3 * len(ours)
