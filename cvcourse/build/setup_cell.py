"""What the build writes into the cells tagged `badge` and `setup`, from `[tool.cvcourse] repository`."""

import re
import tomllib
from pathlib import Path

from cvcourse.errors import BuildError

BADGE_IMAGE = "https://colab.research.google.com/assets/colab-badge.svg"
BRANCH = "main"

# Both snippets are plain Python (a `%pip` line would not be), so that linters, graders and other tools can read them.
FROM_REPOSITORY = """\
# Where the package cvcourse is missing (on Colab, for instance), it is installed first.
from importlib.util import find_spec

if find_spec("cvcourse") is None:
    get_ipython().run_line_magic("pip", "install --quiet 'cvcourse @ git+{repository}'")
"""

FROM_WHEEL = """\
# Where the package cvcourse is missing, it is installed from the wheel beside this notebook.
from importlib.util import find_spec
from pathlib import Path

if find_spec("cvcourse") is None:
    wheels = sorted(Path().glob("cvcourse-*.whl"))
    if not wheels:
        raise ModuleNotFoundError(
            "cvcourse is missing: put the file cvcourse-*.whl of the student bundle beside this notebook "
            "(on Colab: upload it), or run `pip install -e .` in a checkout of the course"
        )
    get_ipython().run_line_magic("pip", f"install --quiet ./{wheels[-1]}")
"""


def repository(root: Path) -> str:
    """The address of the published repository from `pyproject.toml`, "" while there is none.

    Raises:
        BuildError: it is not an https address.
    """
    with open(root / "pyproject.toml", "rb") as file:
        address = tomllib.load(file).get("tool", {}).get("cvcourse", {}).get("repository", "")
    address = address.rstrip("/").removesuffix(".git")
    if address and not re.fullmatch(r"https://[\w.:-]+/[\w./~-]+", address):
        raise BuildError(f"repository in pyproject.toml is {address!r}: give an address such as https://github.com/O/N")
    return address


def setup_lines(address: str) -> str:
    """The lines that stand first in a set-up cell."""
    return FROM_REPOSITORY.format(repository=address) if address else FROM_WHEEL


def badge(address: str, notebook: str) -> str:
    """The markdown line that opens `notebook` (its path in the repository) on Colab, which reads GitHub only."""
    match = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", address)
    if not match:
        return ""
    link = f"https://colab.research.google.com/github/{match[1]}/blob/{BRANCH}/{notebook}"
    return f"[![Open in Colab]({BADGE_IMAGE})]({link})"


def with_badge(markdown: str, line: str) -> str:
    """A title cell with the badge as a paragraph of its own below the title."""
    if not line:
        return markdown
    title, _, rest = markdown.partition("\n")
    return f"{title}\n\n{line}\n\n{rest.lstrip()}".rstrip("\n")
