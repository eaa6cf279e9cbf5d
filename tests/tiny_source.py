"""A checkout with a tiny lecture and a tiny assignment, neither of which imports torch, for the tests of the build."""

import shutil
from pathlib import Path

from cvcourse.paths import CoursePaths

ROOT = Path(__file__).resolve().parent.parent

LECTURE = """\
# %% [markdown] tags=["badge"]
# # A tiny lecture
#
# What six times seven is.

# %% tags=["setup"]
import sys

# %% [markdown]
# ## The product

# %% tags=["nbval-check-output", "topic:product"]
print(6 * 7)

# %% [markdown]
# ## Where this runs

# %%
print("the interpreter lies in", sys.prefix)
object()
"""

SOLUTION = (
    '{"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}'
)
TEST = (
    '{"grade": true, "grade_id": "double-test", "locked": true, "points": 2,'
    ' "schema_version": 3, "solution": false, "task": false}'
)
ASSIGNMENT = f'''\
# %% [markdown] tags=["badge"]
# # A tiny assignment

# %% tags=["setup"]
import sys

# %% [markdown]
# Double a number.

# %% nbgrader={SOLUTION}
def double(number: int) -> int:
    """Twice the number."""
    ### BEGIN SOLUTION
    twice_the_number = number + number
    return twice_the_number
    ### END SOLUTION

# %% nbgrader={TEST}
assert double(2) == 4, "double(2) is 4"
### BEGIN HIDDEN TESTS
assert double(-8191) == -16382
### END HIDDEN TESTS
'''


def make_checkout(
    root: Path, lecture: str = LECTURE, assignment: str = ASSIGNMENT, repository: str = ""
) -> CoursePaths:
    """Write the sources under `root`, which then is a checkout."""
    for kind, text in (("lectures", lecture), ("assignments", assignment)):
        (root / "source" / kind).mkdir(parents=True, exist_ok=True)
        (root / "source" / kind / "01_tiny.py").write_text(text, encoding="utf-8")
    (root / "pyproject.toml").write_text(f'[tool.cvcourse]\nrepository = "{repository}"\n', encoding="utf-8")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return CoursePaths(root=root, class_dir=root / "class")
