"""Building what changed, and finding what is out of step with its source."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from cvcourse.build import outputs, release, rules
from cvcourse.build.execute import execute
from cvcourse.build.notebook import read, serialise, without_outputs, write
from cvcourse.build.source import LECTURE, Source, load, sources
from cvcourse.errors import BuildError
from cvcourse.paths import CoursePaths

Progress = Callable[[Source, int, int], None]
Graded = Callable[[Path, str], list[str]]
BY_HAND = "it was changed by hand, or the builder changed"


@dataclass
class Built:
    """What the build did with one source: `state` is "built", "outputs kept" (only prose is new) or "in step"."""

    source: Source
    state: str = "in step"
    points: float = 0
    cells: int = 0
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Finding:
    """One generated notebook that is out of step, and why. `path` is relative to the checkout."""

    path: str
    reason: str


def build(
    paths: CoursePaths,
    units: list[str] | None = None,
    *,
    budget: str = "cpu",
    force: bool = False,
    cell_seconds: float | None = None,
    on_progress: Progress | None = None,
    graded: Graded | None = None,
) -> list[Built]:
    """Build what changed: `source/` to `solutions/` and `course/`.

    Args:
        paths: the checkout.
        units: names as in `source.sources`; all where none is given.
        budget: the budget of the runs whose outputs are kept.
        force: run everything again, whether or not it changed. A change in the package alone needs this.
        cell_seconds: the limit of a cell.
        on_progress: called with (source, cells done, cells in all).
        graded: called with the solution notebook and the unit of an assignment that was run; gives further remarks.

    Returns:
        One entry a source. With all sources built, notebooks whose source has gone are removed.

    Raises:
        BuildError: a source breaks a rule, a cell fails, or an output must not be published. The notebooks of that
            source stay as they were.
    """
    done = []
    for source in sources(paths, units):
        report = (lambda n, total, source=source: on_progress(source, n, total)) if on_progress else None
        done.append(_build_one(source, budget, force, cell_seconds, report))
        if graded and source.released and done[-1].state == "built":
            done[-1].remarks += graded(source.executed, source.name)
    if not units:
        for path in orphans(paths):
            path.unlink()
    return done


def _build_one(
    source: Source, budget: str, force: bool, cell_seconds: float | None, report: Callable[[int, int], None] | None
) -> Built:
    fresh = load(source)
    result = Built(source, points=rules.points(fresh), cells=len(fresh.cells), remarks=_advice(source, fresh))
    if not force and not findings(source, fresh, budget):
        return result
    executed = None if force else _kept_outputs(source, fresh, budget)
    if executed is not None:
        result.state = "outputs kept"
    else:
        executed, remarks = execute(fresh, source.label, budget=budget, cell_seconds=cell_seconds, on_cell=report)
        result.state, result.remarks = "built", result.remarks + remarks
        _finish(executed, fresh, source, budget)
        problems = outputs.problems(executed, source.paths.root)
        if problems:
            raise BuildError(f"{source.label}: {'; '.join(problems)}")
    result.remarks += outputs.remarks(executed)
    released = release.generate(without_outputs(executed), source.name, source.paths.root) if source.released else None
    write(executed, source.executed)
    if released is not None:
        write(released, source.released)
    return result


def _advice(source: Source, fresh: NotebookNode) -> list[str]:
    return rules.advice(fresh) if source.kind == LECTURE else []


def _kept_outputs(source: Source, fresh: NotebookNode, budget: str) -> NotebookNode | None:
    """The new notebook with the old one's outputs, where the code is the same and they may stay; else None."""
    try:
        old = read(source.executed)
    except (OSError, BuildError):
        return None
    if old.metadata.get("cvcourse", {}).get("budget") != budget:
        return None
    kept = outputs.reuse(old, fresh)
    if kept is not None:
        _finish(kept, fresh, source, budget)
    return None if kept is None or outputs.problems(kept, source.paths.root) else kept


def _finish(executed: NotebookNode, fresh: NotebookNode, source: Source, budget: str) -> None:
    """Bring an executed notebook into its published form: its metadata are the source's, its outputs are cleaned."""
    executed.metadata = deepcopy(fresh.metadata)  # the kernel wrote its version into them
    executed.metadata.cvcourse.budget = budget
    outputs.clean(executed, source.paths.root)


def check(paths: CoursePaths, units: list[str] | None = None, *, budget: str = "cpu") -> list[Finding]:
    """What in `solutions/` and `course/` is out of step with `source/`. Nothing is run and nothing is written.

    Raises:
        BuildError: a source breaks a rule.
    """
    found = [finding for source in sources(paths, units) for finding in findings(source, load(source), budget)]
    if not units:
        found += [Finding(_relative(path, paths), "it has no source: build removes it") for path in orphans(paths)]
    return found


def findings(source: Source, fresh: NotebookNode, budget: str) -> list[Finding]:
    """What is out of step in the notebooks of one source, whose notebook read anew is `fresh`."""
    reasons = [(source.executed, reason) for reason in _executed_reasons(source, fresh, budget)]
    if source.released:
        reasons += [(source.released, reason) for reason in _released_reasons(source, fresh)]
    return [Finding(_relative(path, source.paths), reason) for path, reason in reasons]


def _executed_reasons(source: Source, fresh: NotebookNode, budget: str) -> list[str]:
    stale = _stale(source.executed, source, fresh)
    if stale:
        return [stale]
    notebook = read(source.executed)
    if serialise(without_outputs(notebook)) != serialise(fresh):
        return [BY_HAND]
    reasons = outputs.problems(notebook, source.paths.root)
    made_with = notebook.metadata.cvcourse.get("budget")
    if made_with != budget:
        reasons.append(f"its outputs come from the {made_with} budget, not from {budget}")
    return reasons


def _released_reasons(source: Source, fresh: NotebookNode) -> list[str]:
    stale = _stale(source.released, source, fresh)
    if stale:
        return [stale]
    expected = serialise(release.generate(fresh, source.name, source.paths.root))
    return [] if source.released.read_text(encoding="utf-8") == expected else [BY_HAND]


def _stale(path: Path, source: Source, fresh: NotebookNode) -> str:
    """Why the notebook at `path` cannot come from its source as it is now; "" where it can."""
    if not path.is_file():
        return "it is missing"
    try:
        stamp = read(path).metadata.get("cvcourse", {})
    except BuildError as error:
        return str(error)
    return "" if stamp.get("sha256") == fresh.metadata.cvcourse.sha256 else f"{source.label} changed since it was built"


def orphans(paths: CoursePaths) -> list[Path]:
    """Generated notebooks whose source has gone. Notebooks that the build did not make are not listed."""
    wanted = {path for source in sources(paths) for path in (source.executed, source.released)}
    found = []
    for folder in (paths.solutions, paths.course):
        for path in sorted(folder.rglob("*.ipynb")):
            if path not in wanted and ".ipynb_checkpoints" not in path.parts and _is_generated(path):
                found.append(path)
    return found


def _is_generated(path: Path) -> bool:
    try:
        return "sha256" in read(path).metadata.get("cvcourse", {})
    except BuildError:
        return False


def _relative(path: Path, paths: CoursePaths) -> str:
    return path.relative_to(paths.root).as_posix()
