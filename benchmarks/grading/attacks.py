"""The attacks of `tests/attacks/notebooks/` on plain nbgrader and on ours: what each of them gets."""

import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry

from cvcourse.grading.collection import submitted_notebook
from cvcourse.grading.roster import Roster, Student, save_roster
from cvcourse.grading.seeds import seed_for
from grading.measure import Finished, adopt, run
from grading.sides import PLAIN_CONFIG, ended_well, environment, nbgrader
from tests.attacks.notebook_course import POINTS, UNIT, released
from tests.attacks.notebook_scene import OTHER, VARIABLE, Found, Listener, Scene, attacks, new_secrets, student

LONGEST = 300.0
LINGER = 16.0
"""Seconds that processes which an attack left behind get to do what they wait for."""
PLAIN_TIMEOUT = 40
"""Seconds of a cell; not too few for a slow import on a loaded machine, which would cost the whole submission."""
OUR_TIMEOUT = 4
"""CPU seconds of a cell."""
MOST_BYTES = 50 << 20
AT_A_TIME = 2
WHOLE_RUN = "(whatever was left after the run)"


def table(names: list[str]) -> None:
    """Print what each attack got, plain nbgrader beside ours; of all attacks, or of those named."""
    known = {name: attack for name, attack in attacks().items() if not names or name in names}
    ours = _all_on_ours(known)
    print(
        "\n| attack | points in plain nbgrader | and it | points in ours | and it |\n|---|---|---|---|---|", flush=True
    )
    plain: dict[str, Found] = {}
    for name, found in _all_on_plain(list(known)):
        plain[name] = found
        title = (known[name].__doc__ or name).splitlines()[0].rstrip(".")
        cells = [f"{one.points:g} | {_deeds(one)}" for one in (found, ours[name])]
        print(f"| {title} (`{name}`) | {' | '.join(cells)} |", flush=True)
    if ours[WHOLE_RUN]:
        print(f"| {WHOLE_RUN} | | | | {_deeds(ours.pop(WHOLE_RUN))} |")
    _summary(plain, {name: ours[name] for name in plain})


def _deeds(found: Found) -> str:
    """What an attack did beside points, in a few words."""
    said = [f"read: {', '.join(found.read)}"] if found.read else []
    said += ["reached the network"] if found.network else []
    said += [f"changed: {', '.join(sorted(set(found.changed)))}"] if found.changed else []
    said += ["outlived its run"] if found.left else []
    said += ["cost another student points"] if found.stopped else []
    return "; ".join(said)


def _summary(*sides: dict[str, Found]) -> None:
    """How many attacks got what."""
    print(f"\n| of {len(sides[0])} attacks | plain nbgrader | ours |\n|---|---|---|")
    questions = {
        "gained points": lambda one: one.points > 0,
        "read a secret": lambda one: bool(one.read),
        "reached the network": lambda one: one.network,
        "changed files outside the submission": lambda one: bool(one.changed),
        "outlived their run": lambda one: bool(one.left),
        "cost another student points": lambda one: one.stopped,
        "gained anything": bool,
    }
    for question, answer in questions.items():
        counts = [str(sum(map(answer, side.values()))) for side in sides]
        print(f"| {question} | {' | '.join(counts)} |", flush=True)


def _hand_in(scene: Scene, who: str, notebook: bytes, files: dict[str, str]) -> None:
    path = submitted_notebook(scene.class_dir, who, UNIT)
    path.parent.mkdir(parents=True)
    path.write_bytes(notebook)
    (path.parent / "timestamp.txt").write_text("2026-01-01 12:00:00 UTC")
    for name, text in files.items():
        (path.parent / name).write_text(text)


def _hand_in_all(scene: Scene, names: list[str]) -> None:
    known = attacks()
    for name in names:
        _hand_in(scene, student(name), scene.submission(name, known[name]), scene.files(name, known[name]))
    _hand_in(scene, OTHER, scene.submission_of_other(), {})


def _executed(scene: Scene, who: str) -> NotebookNode | None:
    """The executed notebook, if there is one that can be read."""
    path = scene.class_dir / "autograded" / who / UNIT / f"{UNIT}.ipynb"
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return None
    try:
        return nbformat.from_dict(json.loads(path.read_text("utf-8")))
    except ValueError:
        return None


def _points(scene: Scene, who: str) -> float:
    """What the gradebook says."""
    with Gradebook(f"sqlite:///{scene.class_dir / 'gradebook.db'}") as gradebook:
        try:
            return gradebook.find_submission(UNIT, who).score
        except MissingEntry:
            return 0.0


def _found(scene: Scene, name: str, left: list[str]) -> Found:
    found = scene.found(name, _executed(scene, student(name)), _points(scene, student(name)))
    found.left, found.stopped = left, _points(scene, OTHER) != sum(POINTS.values())
    return found


# Plain nbgrader: a class for each attack, with one honest student who is graded after it.


def _all_on_plain(names: list[str]) -> Iterator[tuple[str, Found]]:
    """Each attack with what it got."""
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        known = _plain_template(Path(folder))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(AT_A_TIME, mp_context=context, initializer=adopt) as pool:
            pending: dict[str, Future] = {name: pool.submit(_on_plain, name, folder, known) for name in names}
            for name, future in pending.items():
                yield name, future.result()
                print(f"# plain nbgrader: {name}", file=sys.stderr, flush=True)


def _plain_template(folder: Path) -> dict[str, str]:
    """A course of plain nbgrader with the assignment in its gradebook; gives its secrets."""
    scene = Scene(folder, Listener(), class_dir=".")
    source = scene.course / "source" / UNIT / f"{UNIT}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(scene.source, source)
    (scene.course / "nbgrader_config.py").write_text(PLAIN_CONFIG.format(timeout=PLAIN_TIMEOUT))
    env = environment(scene.home)
    ended_well(run(nbgrader("generate_assignment", UNIT), cwd=scene.course, env=env, seconds=LONGEST))
    with Gradebook(f"sqlite:///{scene.course / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_student(OTHER, last_name=scene.secrets["gradebook"])
    return scene.secrets


def _on_plain(name: str, template: str, known: dict[str, str]) -> Found:
    with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as made, Listener() as listener:
        shutil.copytree(template, made, dirs_exist_ok=True)
        scene = Scene(Path(made), listener, class_dir=".", known=known)
        (scene.course / "seeds.json").write_text(json.dumps({UNIT: scene.seed}))
        _hand_in_all(scene, [name])
        variables = {VARIABLE: scene.secrets["environment"], "CVCOURSE_SEED": scene.seed}
        env = environment(scene.home, **variables)
        done = run(nbgrader("autograde", UNIT), cwd=scene.course, env=env, seconds=LONGEST, linger=LINGER)
        return _found(scene, name, done.left)


# Ours: one class in which everybody attacks but one.


def _all_on_ours(known: dict) -> dict[str, Found]:
    with tempfile.TemporaryDirectory(prefix="attacked-") as folder, Listener() as listener:
        scene = Scene(Path(folder), listener, known=new_secrets())
        _our_course(scene, list(known))
        done = _grade_ours(scene)
        found = {name: _found(scene, name, []) for name in known}
        found[WHOLE_RUN] = Found(left=done.left)
        if not any(_points(scene, who) for who in (OTHER, *map(student, known))):
            ended_well(done, codes=())
        return found


def _our_course(scene: Scene, names: list[str]) -> None:
    (scene.course / "source" / "assignments").mkdir(parents=True)
    (scene.course / "source" / "assignments" / f"{UNIT}.py").write_text("# %% [markdown]\n# # Unit 01: Scale\n")
    for where, notebook in (("solutions", scene.source), ("course/assignments", released())):
        path = scene.course / where / UNIT / f"{UNIT}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    shutil.copy(Path(__file__).resolve().parents[2] / "nbgrader_config.py", scene.course)
    people = [Student(student(name), name) for name in names]
    people.append(Student(OTHER, OTHER, last_name=scene.secrets["gradebook"]))
    save_roster(scene.class_dir, Roster({one.id: one for one in people}))
    scene.seed = seed_for(scene.class_dir, UNIT)
    _hand_in_all(scene, names)


def _grade_ours(scene: Scene) -> Finished:
    variables = {VARIABLE: scene.secrets["environment"], "CVCOURSE_ROOT": str(scene.course)}
    command = [sys.executable, "-m", "cvcourse.cli", "grade", UNIT, "--class", str(scene.class_dir), "--json"]
    env = environment(scene.home, **variables)
    options = ["--workers", str(AT_A_TIME), "--timeout", str(OUR_TIMEOUT)]
    seconds = LONGEST * len(os.listdir(scene.class_dir / "submitted"))
    return run(command + options, cwd=scene.course, env=env, seconds=seconds, linger=LINGER)
