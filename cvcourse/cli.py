"""The command line `cvcourse`. Each command parses its arguments, calls one function of the package, prints the result.

Implementation modules are imported inside the commands, so that `cvcourse --help` stays fast.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cvcourse import CourseError, __version__

app = typer.Typer(
    name="cvcourse",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Run the course **cvcourse**: build its notebooks, check an answer, hand out, collect, grade and report.",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of a table for a person.")]

ClassFolder = Annotated[
    Path | None,
    typer.Option("--class", metavar="FOLDER", help="The class folder; default `CVCOURSE_CLASS`, else `class/`."),
]
Unit = Annotated[str, typer.Argument(metavar="UNIT", help="`01`, `convolutions` or `01_convolutions`.")]

BUILDING = "Writing the course"
LEARNING = "For readers and students"
CLASS = "For instructors"


def _seconds(timeout: float) -> float:
    """--timeout, where it is a time."""
    if not 0 < timeout < float("inf"):
        raise CourseError(f"--timeout is a number of seconds above 0, not {timeout:g}")
    return timeout


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback instead of a one-line error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options that stand before the command; `main` reads --debug."""


@app.command(rich_help_panel=LEARNING)
def doctor(as_json: Json = False) -> None:
    """Look at this machine: versions, GPU, data, disk, kernel, sandbox, and what to do about each.

    Exit code 1 when something must be mended before the course works.
    """
    from cvcourse.console import emit, table
    from cvcourse.doctor import PROBLEM, examine

    findings = examine()
    view = table("What the course needs", "", "", "found", "what to do")
    style = {"ok": "green", "note": "yellow", "problem": "bold red"}
    for one in findings:
        view.add_row(one.subject, f"[{style[one.state]}]{one.state}[/]", one.found, one.advice)
    emit([one.as_dict() for one in findings], view, as_json=as_json)
    if any(one.state == PROBLEM for one in findings):
        raise typer.Exit(1)


data_app = typer.Typer(
    no_args_is_help=True, help="The data sets: list them, get one, look at one, check what is on disk."
)
app.add_typer(data_app, name="data", rich_help_panel=LEARNING)

SetName = Annotated[str, typer.Argument(metavar="NAME", help="As in `cvcourse data list`.")]


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """List the data sets: name, kind, items, size, licence, and where each was found."""
    from cvcourse.console import emit
    from cvcourse.data import catalogue

    found = catalogue.rows()
    emit([vars(row) for row in found], catalogue.list_view(found), as_json=as_json)


@data_app.command("get")
def data_get(name: SetName) -> None:
    """Download a data set into the cache folder, with a progress bar; called again it goes on where it broke off.

    A set that may not be downloaded freely is not: then the one line says what to put where.

    Example: `cvcourse data get penn_fudan`
    """
    from cvcourse.data import catalogue

    place = catalogue.get(name)
    typer.echo(f"{place.line}: {place.root}" if place.root else place.line)


@data_app.command("show")
def data_show(
    name: SetName,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The PNG to write, or a folder for it.")] = Path(),
    split: Annotated[str | None, typer.Option(help="Such as train or test; default: the set's first.")] = None,
    count: Annotated[int, typer.Option(min=1, max=200, help="Pictures on the sheet.")] = 12,
) -> None:
    """Write a contact sheet of a data set as PNG, with boxes, masks and labels drawn.

    Example: `cvcourse data show bccd --split test --out cells.png`
    """
    from cvcourse.data import catalogue

    typer.echo(catalogue.show(name, out, split=split, count=count))


@data_app.command("check")
def data_check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all that are on disk.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read every file and every item of the sets on disk. Exit code 1 where something is damaged or missing."""
    from cvcourse.console import emit
    from cvcourse.data import catalogue

    reports = catalogue.check(names)
    emit([vars(one) for one in reports], catalogue.check_view(reports), as_json=as_json)
    if any(one.problem for one in reports):
        raise typer.Exit(1)


@app.command(rich_help_panel=BUILDING)
def build(
    units: Annotated[list[str] | None, typer.Argument(metavar="[UNIT]...", help="`01`, `01_convolutions` ...")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing, say what is out of step.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run everything again, changed or not.")] = False,
    budget: Annotated[str, typer.Option(help="Budget of the runs: smoke, cpu or gpu.")] = "cpu",
    cell_seconds: Annotated[float | None, typer.Option(help="Limit of one cell; default: by the budget.")] = None,
    as_json: Json = False,
) -> None:
    """Build the notebooks in `solutions/` and `course/` from `source/`, those whose source changed.

    A notebook is run again when its code changed; after a change in the package alone use --force. An assignment that
    was run is then graded as a submission is; a remark names each test that passes here, but not there.
    With --check nothing is run: exit code 1 when something is out of step.

    Examples: `cvcourse build`, `cvcourse build 01`, `cvcourse build lectures/01 --budget smoke`
    """
    from cvcourse.build import pipeline, report
    from cvcourse.build.two_processes import TwoProcesses
    from cvcourse.console import emit
    from cvcourse.paths import course_paths

    if budget not in ("smoke", "cpu", "gpu"):
        raise CourseError(f"there is no budget {budget!r}: use smoke, cpu or gpu")
    paths = course_paths()
    if check:
        findings = pipeline.check(paths, units, budget=budget)
        emit([vars(one) for one in findings], report.findings_view(findings), as_json=as_json)
        raise typer.Exit(1 if findings else 0)
    options = {"budget": budget, "force": force, "cell_seconds": cell_seconds}
    with report.progress() as advance, TwoProcesses() as grading:
        built = pipeline.build(paths, units, **options, on_progress=advance, graded=grading.remarks)
    emit(report.built_json(built), report.built_table(built), as_json=as_json)


@app.command(rich_help_panel=LEARNING)
def lab(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
    port: Annotated[int | None, typer.Option(help="The server's port; default: the first free one from 8888.")] = None,
) -> None:
    """Open the course in JupyterLab, on your own copy in `workspace/`.

    What you changed there is never overwritten: a newer release is put beside it and announced.
    """
    from cvcourse.lab import open_course
    from cvcourse.paths import course_paths

    raise typer.Exit(open_course(course_paths(), browser=browser, port=port))


@app.command(rich_help_panel=CLASS)
def formgrader(
    class_dir: Annotated[
        Path | None, typer.Option("--class", help="The class; default: `class/`, else the demo.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
    port: Annotated[int | None, typer.Option(help="The server's port; default: the first free one from 8888.")] = None,
) -> None:
    """Open nbgrader's formgrader on a graded class, in JupyterLab.

    Example: `cvcourse formgrader --class ../autumn`
    """
    from cvcourse.lab import class_with_gradebook, open_formgrader
    from cvcourse.paths import course_paths

    folder = class_with_gradebook(course_paths(), class_dir)
    raise typer.Exit(open_formgrader(course_paths(folder), browser=browser, port=port))


@app.command(rich_help_panel=CLASS)
def roster(
    file: Annotated[Path, typer.Argument(metavar="CSV", help="The list of students.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Take a list of another kind, or one that lacks most of the class.")
    ] = False,
    folder: ClassFolder = None,
    as_json: Json = False,
) -> None:
    """Take the list of students into the class; the first step of a new class, whose folder it makes.

    The file is Canvas's gradebook export, Moodle's grading worksheet, or has the columns id, name, email; which one it
    is, its encoding and its separator are told by its content. `report` fills this same file in later.

    Call it again with a newer file: students are added and updated. Who is no longer in the file is taken off only
    where there is no work or grade of theirs. A list of another kind, or without most of a class that has handed in,
    is refused; --replace takes it.

    Example: `cvcourse roster 2026-10-01_Grades-CV.csv`
    """
    from cvcourse.console import emit
    from cvcourse.grading.class_view import roster_view
    from cvcourse.grading.enrol import enrol
    from cvcourse.paths import course_paths

    result = enrol(course_paths(folder), file, replace_list=replace)
    emit(result.to_dict(), roster_view(result), as_json=as_json)


@app.command(rich_help_panel=CLASS)
def release(
    unit: Unit,
    due: Annotated[
        str | None, typer.Option(metavar="DATE", help="`2026-12-01T23:59`, with `+01:00` for another time zone.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to write; default `released/UNIT` in the class folder.")
    ] = None,
    folder: ClassFolder = None,
    as_json: Json = False,
) -> None:
    """Hand out a unit: set its due date, write the released notebook and a bundle for students.

    The bundle is a zip with the assignment, its lecture, the package as a wheel and START.txt; it holds no solution
    and no hidden test. Notebooks that are out of step with `source/` are not handed out: run `cvcourse build` first.

    Call it again to move the due date.

    Example: `cvcourse release 01 --due 2026-12-01T23:59`
    """
    from cvcourse.console import emit
    from cvcourse.grading.class_view import release_view
    from cvcourse.grading.due import parse_date
    from cvcourse.grading.release import release as hand_out
    from cvcourse.paths import course_paths

    paths = course_paths(folder)
    result = hand_out(paths, paths.unit(unit), parse_date(due) if due else None, out)
    emit(result.to_dict(), release_view(result), as_json=as_json)


@app.command(rich_help_panel=CLASS)
def collect(
    export: Annotated[Path, typer.Argument(metavar="ZIP_OR_FOLDER", help="The submissions as they were downloaded.")],
    unit: Unit,
    folder: ClassFolder = None,
    as_json: Json = False,
) -> None:
    """Take in the submissions of a unit, as the learning platform exports them.

    Canvas's `submissions.zip`, Moodle's zip of all submissions, or a folder (or zip) with one folder a student, named
    by id, address or name. Nothing has to be renamed or unpacked.

    The newest attempt of a student counts; earlier ones are kept. What cannot be used (not on the roster, two people
    in one name, damaged, no notebook) is set aside with its reason and kept in `collected/UNIT/`, the rest is taken;
    then the exit code is 1. Collect a later export the same way: it is merged.

    Example: `cvcourse collect submissions.zip 01`
    """
    from cvcourse.console import emit
    from cvcourse.grading.class_view import collect_view, collecting
    from cvcourse.grading.collect import collect as take_in
    from cvcourse.paths import course_paths

    paths = course_paths(folder)
    with collecting() as on_progress:
        result = take_in(paths, export, paths.unit(unit), on_progress)
    emit(result.to_dict(), collect_view(result), as_json=as_json)
    if result.aside or result.broken:
        raise typer.Exit(1)


@app.command(rich_help_panel=CLASS)
def extend(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="Id, login, address or full name.")],
    unit: Unit,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The new due date, `2026-12-08T23:59`.")] = None,
    days: Annotated[float | None, typer.Option(metavar="N", help="Days after the unit's due date.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the extension back.")] = False,
    folder: ClassFolder = None,
    as_json: Json = False,
) -> None:
    """Give one student more time for one unit; an earlier extension is replaced.

    Examples: `cvcourse extend lovelace@example.org 01 --days 7`,
    `cvcourse extend "Ada Lovelace" 01 --until 2026-12-08T23:59`
    """
    from cvcourse.console import emit
    from cvcourse.grading.class_view import extend_view
    from cvcourse.grading.due import parse_date
    from cvcourse.grading.extend import extend as give_time
    from cvcourse.paths import course_paths

    if (until is not None) + (days is not None) + remove != 1:
        raise CourseError("give one of --until DATE, --days N and --remove")
    paths = course_paths(folder)
    date = parse_date(until) if until else None
    result = give_time(paths, student, paths.unit(unit), until=date, days=days)
    emit(result.to_dict(), extend_view(result), as_json=as_json)


@app.command(rich_help_panel=LEARNING)
def check(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="Your assignment, as you would hand it in.")],
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="CPU seconds for one cell.")] = 60.0,
    as_json: Json = False,
) -> None:
    """Run an assignment from top to bottom and show what each test says.

    It runs in a fresh kernel, as in grading; the file itself is not changed. Hidden tests run too where the course's
    `solutions/` are at hand. Cells that were copied or have lost their names are found, with what to do.

    Exit code 1 when a test fails or a cell must be mended, 2 when the file cannot be read.
    """
    from cvcourse.console import emit

    try:
        from cvcourse.grading.check import check as run_tests
        from cvcourse.grading.execute import Limits
        from cvcourse.grading.grade_view import check_view
    except ImportError as error:
        raise CourseError(f"{error.name} is missing: install it with `pip install cvcourse[lab]`") from error
    result = run_tests(notebook, Limits(cell=_seconds(timeout), notebook=4 * timeout))
    emit(result.as_dict(), check_view(result), as_json=as_json)
    raise typer.Exit(0 if result.clean else 1)


@app.command(rich_help_panel=CLASS)
def grade(
    unit: Unit,
    late_penalty: Annotated[
        str, typer.Option(metavar="none|zero|PERCENT", help="What late work loses; a number: percent per day begun.")
    ] = "none",
    student: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this student; may be given several times.")
    ] = None,
    regrade: Annotated[bool, typer.Option("--regrade", help="Also what is graded and has not changed.")] = False,
    new_seed: Annotated[
        bool, typer.Option("--new-seed", help="Draw other hidden inputs; everybody is graded anew.")
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="CPU seconds for a cell; a notebook has 4 times. Default: the unit's, 60."
        ),
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Notebooks at a time.")] = 2,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, `tls://host:8786`; default: this machine.")
    ] = None,
    anonymous: Annotated[
        bool | None,
        typer.Option("--anonymous/--names", help="Whether formgrader hides who wrote what; default: as before."),
    ] = None,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="Run strangers' code as you, with all that you can read and do.")
    ] = False,
    folder: ClassFolder = None,
    as_json: Json = False,
) -> None:
    """Run the submissions of a unit against all tests and enter the points into nbgrader's gradebook.

    A submission runs behind walls, without a network and without a view of your files, and its tests run in a process
    that it cannot reach. Where the walls cannot be built, nothing runs: `cvcourse doctor` says what to do.

    Only what is new or has changed since the last run is graded, test by test, so a run can be stopped and started
    again. A cell that hangs or kills its kernel costs itself, a file that is no notebook gets no points and the reason;
    the run goes on.

    Exit code 1 when a submission is no notebook or was set aside.

    Examples: `cvcourse grade 01 --late-penalty 10`, `cvcourse grade 01 --workers 16 --scheduler tls://node1:8786`
    """
    from cvcourse.console import emit
    from cvcourse.grading.anonymous import set_anonymous
    from cvcourse.grading.bridge import LatePolicy
    from cvcourse.grading.execute import Limits
    from cvcourse.grading.grade import Options, grade_class
    from cvcourse.grading.grade_view import bar, grade_view
    from cvcourse.paths import course_paths

    paths = course_paths(folder)
    options = Options(
        students=student,
        regrade=regrade,
        new_seed=new_seed,
        limits=None if timeout is None else Limits(cell=_seconds(timeout), notebook=4 * timeout),
        workers=workers,
        scheduler=scheduler,
        sandbox=not unsafe,
        late=LatePolicy.parse(late_penalty),
    )
    if anonymous is not None:
        set_anonymous(paths.class_dir, anonymous)
    with bar("stopping: what runs is ended first; what is graded stays") as bars:
        result = grade_class(paths, paths.unit(unit), options, progress=bars("Grading"))
    emit(result.as_dict(), grade_view(result), as_json=as_json)
    raise typer.Exit(0 if result.clean else 1)


@app.command(rich_help_panel=CLASS)
def report(
    unit: Unit,
    column: Annotated[
        str | None, typer.Option(metavar="HEADER", help="The assignment's column, where its name does not tell.")
    ] = None,
    folder: ClassFolder = None,
    as_json: Json = False,
) -> None:
    """Make what goes back after grading, in `reports/UNIT/` of the class folder.

    The learning platform's own CSV with the points filled in; a feedback page for each student, and all of them in a
    zip for Canvas's or Moodle's bulk upload; a table and a plot of the class per exercise. Pages show what hidden tests
    said, never their text.

    Example: `cvcourse report 01`
    """
    from cvcourse.console import emit
    from cvcourse.grading.grade_view import bar, report_view
    from cvcourse.grading.report import report as make
    from cvcourse.paths import course_paths

    paths = course_paths(folder)
    with bar() as bars:
        result = make(paths, paths.unit(unit), column=column, progress=bars("Feedback"))
    emit(result.as_dict(), report_view(result), as_json=as_json)


@app.command(rich_help_panel=CLASS)
def demo(
    folder: Annotated[
        Path | None, typer.Option("--class", metavar="FOLDER", help="Where; default `class/demo`. It is made anew.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a class of 24 from the solution and from known right and wrong answers, and grade it before your eyes.

    The submissions arrive as a Canvas export: late ones, broken ones, one that never ends, one that kills its kernel.
    The table at the end compares each one's points with those that its answers must get.

    Exit code 1 when any of them differ.
    """
    from cvcourse.console import emit
    from cvcourse.grading.demo import run_demo
    from cvcourse.grading.demo_view import demo_view
    from cvcourse.grading.grade_view import bar
    from cvcourse.paths import course_paths

    with bar() as bars:
        result = run_demo(course_paths(), folder, bars=bars)
    emit(result.as_dict(), demo_view(result), as_json=as_json)
    raise typer.Exit(0 if result.clean else 1)


def main() -> None:
    """Entry point: a `CourseError` or `OSError` becomes one line on stderr and exit code 2."""
    try:
        app()
    except (CourseError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        typer.echo(f"cvcourse: {' '.join(str(error).split())}", err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
