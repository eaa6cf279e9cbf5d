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

BUILDING = "Writing the course"
LEARNING = "For readers and students"
CLASS = "For instructors"


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

    A notebook is run again when its code changed; after a change in the package alone use --force.
    With --check, exit code 1 when something is out of step.
    """
    from cvcourse.build import pipeline, report
    from cvcourse.console import emit
    from cvcourse.paths import course_paths

    if budget not in ("smoke", "cpu", "gpu"):
        raise CourseError(f"there is no budget {budget!r}: use smoke, cpu or gpu")
    paths = course_paths()
    if check:
        findings = pipeline.check(paths, units, budget=budget)
        emit([vars(one) for one in findings], report.findings_view(findings), as_json=as_json)
        raise typer.Exit(1 if findings else 0)
    with report.progress() as advance:
        built = pipeline.build(paths, units, budget=budget, force=force, cell_seconds=cell_seconds, on_progress=advance)
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
    """Open nbgrader's formgrader on a graded class, in JupyterLab."""
    from cvcourse.lab import class_with_gradebook, open_formgrader
    from cvcourse.paths import course_paths

    folder = class_with_gradebook(course_paths(), class_dir)
    raise typer.Exit(open_formgrader(course_paths(folder), browser=browser, port=port))


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
