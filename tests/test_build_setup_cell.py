"""The badge and the set-up cell, with and without a published repository."""

import ast
import os
from importlib import util

import pytest

from cvcourse.build import setup_cell
from cvcourse.build.source import load, sources
from cvcourse.errors import BuildError
from tests.tiny_source import make_checkout

ADDRESS = "https://github.com/someone/course"
BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/someone/course/blob/main/{})"
)


class Shell:
    """Stands for IPython's shell: notes the magics that it is asked to run."""

    def __init__(self) -> None:
        self.magics: list[tuple[str, str]] = []

    def run_line_magic(self, name: str, line: str) -> None:
        self.magics.append((name, line))


def run(lines: str, monkeypatch, *, missing: bool) -> list[tuple[str, str]]:
    """Run set-up lines as a notebook would; `missing`: as if cvcourse were not installed."""
    shell = Shell()
    if missing:
        monkeypatch.setattr(util, "find_spec", lambda name: None)
    exec(compile(lines, "cell", "exec"), {"get_ipython": lambda: shell})
    return shell.magics


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_nothing_is_installed_where_the_package_is(address, monkeypatch):
    assert run(setup_cell.setup_lines(address), monkeypatch, missing=False) == []


def test_installs_from_the_repository(monkeypatch):
    magics = run(setup_cell.setup_lines(ADDRESS), monkeypatch, missing=True)
    assert magics == [("pip", f"install --quiet 'cvcourse @ git+{ADDRESS}'")]


def test_installs_from_the_wheel_beside_the_notebook(tmp_path, monkeypatch):
    (tmp_path / "cvcourse-0.1.0-py3-none-any.whl").touch()
    magics = run(setup_cell.setup_lines(""), monkeypatch, missing=True)
    assert magics == [("pip", f"install --quiet .{os.sep}cvcourse-0.1.0-py3-none-any.whl")]


def test_says_in_one_line_what_to_do_where_there_is_no_wheel(monkeypatch):
    with pytest.raises(ModuleNotFoundError, match=r"cvcourse is missing: .*\.whl.*pip install -e \.") as caught:
        run(setup_cell.setup_lines(""), monkeypatch, missing=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_notebooks_are_python_and_say_what_the_repository_is(tmp_path, address):
    paths = make_checkout(tmp_path / "checkout", repository=address)
    for source in sources(paths):
        notebook = load(source)
        setup = notebook.cells[1]
        ast.parse(setup.source)
        assert setup.source == f"{setup_cell.setup_lines(address)}\nimport sys"
        badge = BADGE.format(source.published)
        assert (badge in notebook.cells[0].source) == bool(address)
        if address:
            assert notebook.cells[0].source.split("\n\n")[:2] == [f"# A tiny {source.kind[:-1]}", badge]


def test_colab_reads_github_only():
    assert setup_cell.badge("https://example.org/someone/course", "course/x.ipynb") == ""


@pytest.mark.parametrize("address", ["git@github.com:o/n", "http://github.com/o/n", "https://github.com/o/n'; ls"])
def test_refuses_other_addresses(tmp_path, address):
    paths = make_checkout(tmp_path / "checkout", repository=address)
    with pytest.raises(BuildError, match="give an address such as"):
        setup_cell.repository(paths.root)
