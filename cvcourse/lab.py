"""Opens JupyterLab: for a reader on the workspace, for an instructor with formgrader on a class.

The user's own Jupyter settings are left alone: what differs lies in a temporary folder named by JUPYTER_CONFIG_PATH.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from cvcourse.console import console
from cvcourse.errors import ClassError, CourseError
from cvcourse.paths import CoursePaths
from cvcourse.workspace import STATE, update

# nbgrader's panes for instructors and for its own exchange; its Validate button stays.
PANES = ("assignment-list", "course-list", "create-assignment", "formgrader", "menu")
ANNOUNCEMENTS = "@jupyterlab/apputils-extension:announcements"  # asks each new user about Jupyter's news
SERVER_EXTENSIONS = ("assignment_list", "course_list", "formgrader")
FORMGRADER = "cvcourse.grading.formgrader"  # in place of nbgrader's own
LAYOUTS = "layouts"
FORMGRADER_TAB = "nbgrader-formgrader:nbgrader-formgrader"  # how JupyterLab's layout calls the tab


def open_course(paths: CoursePaths, *, browser: bool = True, port: int | None = None) -> int:
    """Bring the workspace up to date, say what is new, and run JupyterLab there until it is stopped.

    Returns:
        JupyterLab's exit code.

    Raises:
        CourseError: JupyterLab is not installed, or there is no built course.
    """
    changes = update(paths.course, paths.workspace)
    for line in changes.lines():
        console.print(f"lab: {line}")
    console.print(f"lab: your own copy of the course is in {paths.workspace}")
    state = paths.workspace / STATE
    _open_first_lecture(paths.workspace, state / LAYOUTS)
    with tempfile.TemporaryDirectory(prefix="cvcourse-") as folder:
        write_config(Path(folder), panes=False)
        command = lab_command(paths.workspace, state=state, browser=browser, port=port)
        return _run(command, cwd=paths.workspace, environment=_environment(Path(folder)))


def _open_first_lecture(workspace: Path, layouts: Path) -> None:
    """Let the first start open the first lecture; from then on JupyterLab opens what was open last."""
    lectures = sorted(path.relative_to(workspace).as_posix() for path in (workspace / "lectures").glob("*.ipynb"))
    if lectures and not layouts.exists():
        arguments = {"path": lectures[0], "factory": "Notebook"}
        write_layout(layouts, f"notebook:{lectures[0]}", arguments, sidebar="filebrowser")


def open_formgrader(paths: CoursePaths, *, browser: bool = True, port: int | None = None) -> int:
    """Run JupyterLab in the checkout with formgrader open on the class `paths.class_dir`, until it is stopped.

    Raises:
        ClassError: the class has no gradebook.
        CourseError: JupyterLab or nbgrader is not installed.
    """
    if find_spec("nbgrader") is None:
        raise CourseError("nbgrader is not installed: run `make setup`, or `pip install -e '.[grading]'`")
    console.print(f"formgrader: the class in {paths.class_dir}")
    state = paths.class_dir / STATE
    write_layout(state / LAYOUTS, FORMGRADER_TAB)
    command = lab_command(paths.root, state=state, browser=browser, port=port)
    with tempfile.TemporaryDirectory(prefix="cvcourse-") as folder:
        write_config(Path(folder), panes=True)
        environment = {**_environment(Path(folder)), "CVCOURSE_CLASS": str(paths.class_dir)}
        return _run(command, cwd=paths.root, environment=environment)


def class_with_gradebook(paths: CoursePaths, wanted: Path | None) -> Path:
    """The class that formgrader shows: the one `wanted`, else `class/`, else the demo's.

    Raises:
        ClassError: it has no gradebook.
    """
    candidates = [wanted] if wanted else [paths.class_dir, paths.root / "class" / "demo"]
    for folder in candidates:
        if os.environ.get("CVCOURSE_GRADEBOOK") or (folder / "gradebook.db").is_file():
            return folder.resolve()
    tried = " or ".join(str(folder) for folder in candidates)
    raise ClassError(f"no gradebook in {tried}: grade a class first, or make one with `make demo`")


def write_config(folder: Path, *, panes: bool) -> None:
    """Write a Jupyter configuration without announcements into `folder`; `panes`: with nbgrader's instructor panes."""
    disabled = [ANNOUNCEMENTS] if panes else [ANNOUNCEMENTS, *(f"@jupyter/nbgrader:{pane}" for pane in PANES)]
    page = {"disabledExtensions": dict.fromkeys(disabled, True)}
    extensions = {f"nbgrader.server_extensions.{name}": panes for name in SERVER_EXTENSIONS}
    if panes:
        extensions |= {"nbgrader.server_extensions.formgrader": False, FORMGRADER: True}
    (folder / "labconfig").mkdir()
    (folder / "labconfig" / "page_config.json").write_text(json.dumps(page), encoding="utf-8")
    server = {"ServerApp": {"jpserver_extensions": extensions}}
    (folder / "jupyter_server_config.json").write_text(json.dumps(server), encoding="utf-8")


def write_layout(folder: Path, tab: str, arguments: dict | None = None, sidebar: str = "") -> None:
    """Make a layout in which `tab` alone is open, beside `sidebar`, the one with which JupyterLab starts."""
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    main = {"dock": {"type": "tab-area", "currentIndex": 0, "widgets": [tab]}, "current": tab}
    left = {"collapsed": not sidebar, "current": sidebar, "widgets": [sidebar] if sidebar else []}
    layout = {
        "main": main,
        "down": {"size": 0, "widgets": []},
        "left": left,
        "right": {"collapsed": True, "widgets": []},
    }
    data = {"layout-restorer:data": layout, tab: {"data": arguments or {}}}
    folder.mkdir(parents=True, exist_ok=True)
    WorkspacesManager(str(folder)).save("default", json.dumps({"data": data, "metadata": {"id": "default"}}))


def lab_command(root: Path, *, state: Path, browser: bool, port: int | None) -> list[str]:
    """The command line of a JupyterLab on `root` that keeps its layout in `state` and calls no one on the network.

    Raises:
        CourseError: JupyterLab is not installed.
    """
    if find_spec("jupyterlab") is None:
        raise CourseError("JupyterLab is not installed: run `make setup`, or `pip install -e '.[lab]'`")
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.workspaces_dir={state / LAYOUTS}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--log-level=WARN",
    ]
    command += [f"--ServerApp.port={port}"] if port else []
    command += [] if browser else ["--no-browser"]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return command


def _environment(config: Path) -> dict[str, str]:
    """This environment, with the programs beside this Python on PATH (nbgrader starts `alembic`) and `config` first."""
    environment = {**os.environ}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    before = environment.get("JUPYTER_CONFIG_PATH")
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(config), before]))
    return environment


def _run(command: list[str], *, cwd: Path, environment: dict[str, str]) -> int:
    """Run the server until it ends. Ctrl-C is the server's, which asks back; a request to end is handed on to it."""
    with subprocess.Popen(command, cwd=cwd, env=environment) as server:
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        end = signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            return server.wait()
        finally:
            signal.signal(signal.SIGINT, interrupt)
            signal.signal(signal.SIGTERM, end)
