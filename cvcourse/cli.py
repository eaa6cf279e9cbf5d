"""The command line `cvcourse`. Each command parses its arguments, calls one function of the package, prints the result.

Implementation modules are imported inside the commands, so that `cvcourse --help` stays fast.
"""

import sys
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
