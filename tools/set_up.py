"""Make the virtual environment .venv from requirements.lock: with uv where it is to be had, else with pip.

Called by `make setup` with any Python, even an old one, and needs nothing but the standard library.
It is atomic: .venv/.complete is written last, and whatever stands without it is made anew. A complete environment is
kept when the lock changes: the new versions are installed into it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

OLDEST = (3, 11)
VENV = ".venv"
STAMP = os.path.join(VENV, ".complete")
LOCK = "requirements.lock"
GIGABYTE = 1e9


def stop(message):
    """End with one line that says what is missing and what to do."""
    sys.stderr.write("setup: " + message + "\n")
    sys.exit(2)


def say(message):
    sys.stdout.write("setup: " + message + "\n")
    sys.stdout.flush()


def outside(path):
    """The path of a program, unless it lies in the environment, which may be about to go."""
    if path is None or os.path.abspath(path).startswith(os.path.abspath(VENV) + os.sep):
        return None
    return path


def newest_python():
    """The first interpreter that is new enough: this one, else one on PATH."""
    if sys.version_info < (3, 5):
        stop("Python %d.%d or newer is needed; name it: make setup PYTHON=/path/to/python3.12" % OLDEST)
    # Inside an environment (.venv may be first on PATH, and is about to go) its base is meant.
    own = getattr(sys, "_base_executable", None) or sys.executable
    names = [own] + ["python3.%d" % minor for minor in (13, 12, 11)]
    probe = "import sys; print(sys.version_info[:2] >= %r)" % (OLDEST,)
    for name in names:
        path = outside(shutil.which(name))
        if path is None:
            continue
        done = subprocess.run([path, "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode == 0 and done.stdout.strip() == b"True":
            return path
    return stop(
        "Python %d.%d or newer is needed, and `%s` is %s; name a newer one: make setup PYTHON=/path/to/python3.12"
        % (OLDEST + (sys.executable, sys.version.split()[0]))
    )


def check_disk():
    """Linux wheels of torch bring CUDA with them: 6 GB unpacked; elsewhere it is about 1.5 GB."""
    needed = 8 if sys.platform == "linux" else 3
    free = shutil.disk_usage(".").free / GIGABYTE
    if free < needed:
        stop("%d GB of free disk are needed here and %.1f GB are left; make room and call it again" % (needed, free))


def run(command, why):
    """Run a command and stop with `why` where it fails."""
    if subprocess.run(command, check=False).returncode != 0:
        stop(why)


def is_complete(venv_python):
    """Whether an earlier call went through and the environment still runs, on a Python that is new enough."""
    if not os.path.exists(STAMP) or not os.path.exists(venv_python):
        return False
    probe = "import sys, pip; sys.exit(sys.version_info < %r)" % (OLDEST,)
    return subprocess.run([venv_python, "-c", probe], stderr=subprocess.DEVNULL).returncode == 0


def make_venv(python, uv):
    """An empty virtual environment with pip in it."""
    if os.path.isdir(VENV):
        shutil.rmtree(VENV)
    modules = subprocess.run([python, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL)
    if modules.returncode == 0:
        run([python, "-m", "venv", VENV], "`%s -m venv` failed (see above)" % python)
    elif uv:
        run([uv, "venv", "-q", "--seed", "-p", python, VENV], "`uv venv` failed (see above)")
    else:
        stop("the Python module `venv` is missing: install it (Debian, Ubuntu: apt install python3-venv) or install uv")


def uv_from_lock(venv_python):
    """Install the locked uv, hash checked, into the environment; None where no wheel of it fits."""
    with open(LOCK) as file:
        entry = re.search(r"^uv==.*\n(?:    --hash=\S+ ?\\?\n)+", file.read(), re.MULTILINE)
    if entry is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        only_uv = os.path.join(folder, "uv.txt")
        with open(only_uv, "w") as file:
            file.write(entry.group())
        pip = [venv_python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(pip + ["--only-binary", ":all:", "--require-hashes", "-r", only_uv])
    path = os.path.join(os.path.dirname(venv_python), "uv")
    return path if done.returncode == 0 and os.path.exists(path) else None


def install(venv_python, uv):
    """The locked packages, then the checkout itself in editable form with the locked build backend."""
    if uv:
        installer = [uv, "pip", "install", "--quiet", "--python", venv_python]
    else:
        installer = [venv_python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    say("installing %s with %s (2.8 GB to download on Linux, once)" % (LOCK, "uv" if uv else "pip"))
    network = "the packages could not be installed (see above): check the network and the disk, then call it again"
    run(installer + ["--require-hashes", "-r", LOCK], network)
    run(installer + ["--no-deps", "--no-build-isolation", "-e", "."], "the package itself could not be installed")


def main():
    python = newest_python()
    check_disk()
    uv = outside(shutil.which("uv"))
    venv_python = os.path.join(VENV, "bin", "python")
    if is_complete(venv_python):
        os.remove(STAMP)
    else:
        make_venv(python, uv)
    install(venv_python, uv or uv_from_lock(venv_python))
    with open(STAMP, "w") as file:
        file.write("made by tools/set_up.py from %s\n" % LOCK)
    say("done; `make help` lists what to do next")


if __name__ == "__main__":
    main()
