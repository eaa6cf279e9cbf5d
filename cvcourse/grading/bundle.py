"""The zip that students get: the released assignment, its lecture, the package's wheel and how to start.

All files lie in one flat folder, because a notebook's set-up cell looks for the wheel beside itself.
"""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.paths import CoursePaths

# Fixed, so that the same course gives the same zip; hatchling stamps a wheel's files with this day too.
_MOMENT = (2020, 2, 2, 0, 0, 0)
_EPOCH = "1580601600"
_MARKS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_LINK = re.compile(r"\]\((?:\.\./)*(?:course/)?(lectures|assignments)/(?:[\w.-]+/)?([\w.-]+)\.ipynb(#[^)]*)?\)")
_WINDOWS_UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f\\]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)', re.IGNORECASE)

_START = """\
{unit}: how to start
{line}

You need Python 3.11 or newer. Unpack this folder, open a terminal in it, and type

    python -m pip install "{wheel}[lab]"
    python -m jupyterlab

The first line installs the package cvcourse with what it needs (PyTorch is among it, so it takes a while and some
gigabytes of disk). The second one opens JupyterLab in your browser.

{lectures}{unit}.ipynb    the assignment: solve it, then choose "Restart Kernel and Run All Cells"

Hand in the one file {unit}.ipynb, under this name.{due}

On Google Colab: open the notebook there, upload {wheel} to the folder beside it
(the folder symbol on the left), and run the first cell.
"""


def build_wheel(root: Path) -> tuple[str, bytes]:
    """Name and bytes of the package's wheel, built by hatchling without a network.

    Raises:
        ClassError: hatchling is missing or fails, or the wheel holds something besides the package.
    """
    with tempfile.TemporaryDirectory(prefix="cvcourse-") as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": _EPOCH}
        run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        wheels = sorted(Path(folder).glob("*.whl"))
        if run.returncode or len(wheels) != 1:
            why = (run.stderr.strip() or run.stdout.strip() or "no reason given").splitlines()[-1]
            raise ClassError(f"the package's wheel cannot be built: {why}; try `python -m hatchling build -t wheel`")
        data = wheels[0].read_bytes()
        _refuse_strays(data)
        return wheels[0].name, data


def _refuse_strays(wheel: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            inside = name.startswith("cvcourse/") or re.match(r"cvcourse-[^/]+\.dist-info/", name)
            if not inside or name.endswith(".ipynb"):
                raise ClassError(f"the wheel holds {name}, which is not part of the package; mend pyproject.toml")


def refuse_secrets(name: str, text: str) -> None:
    """Refuse a notebook for students that holds a mark of a solution or of hidden tests.

    Raises:
        ClassError: it does.
    """
    cells = json.loads(text)["cells"]
    for number, cell in enumerate(cells, start=1):
        found = _MARKS.search(cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"]))
        if found:
            raise ClassError(f"{name} is not for students: cell {number} holds {found[0]!r}; run `cvcourse build`")


def bundle_name(kind: str, name: str) -> str:
    """A notebook's name in the bundle; lecture and assignment of a unit have the same name in the course."""
    return f"lecture_{name}.ipynb" if kind == "lectures" else f"{name}.ipynb"


def _relinked(text: str) -> str:
    """A lecture whose links to other notebooks of the course point at their places in the bundle."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            whole = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            source = _LINK.sub(lambda match: f"]({bundle_name(match[1], match[2])}{match[3] or ''})", whole)
            cell["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def make_bundle(paths: CoursePaths, unit: str, lectures: list[Path], due: str) -> bytes:
    """The student bundle of a unit as the bytes of a zip; equal for an equal course.

    Raises:
        ClassError: a notebook holds a solution or hidden tests, or the wheel cannot be built.
    """
    files: dict[str, bytes] = {}
    assignment = paths.release / unit / f"{unit}.ipynb"
    for path, kind in [(assignment, "assignments"), *((path, "lectures") for path in lectures)]:
        text = path.read_text("utf-8")
        refuse_secrets(path.name, text)
        name = bundle_name(kind, path.stem)
        files[name] = (_relinked(text) if kind == "lectures" else text).encode("utf-8")
    wheel, data = build_wheel(paths.root)
    names = "".join(f"{name}    read this first\n" for name in sorted(files) if name.startswith("lecture_"))
    start = _START.format(unit=unit, line="=" * (len(unit) + 14), wheel=wheel, lectures=names, due=due)
    files |= {wheel: data, "START.txt": start.encode("utf-8")}
    return zip_files({f"{unit}/{name}": content for name, content in files.items()})


def zip_files(files: dict[str, bytes]) -> bytes:
    """A zip with fixed times, rights and order, whose names are safe on Windows too."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            if any(_WINDOWS_UNSAFE.search(part) for part in name.split("/")):
                raise ClassError(f"{name!r} cannot be a file's name on Windows: rename the unit")
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o100644 << 16, 3
            archive.writestr(info, files[name])
    return packed.getvalue()


def digest(data: bytes) -> str:
    """SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()
