"""Kernels from the fork server behave like the ones that jupyter_client starts itself, and end with their client."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cvcourse.build import nbval
from cvcourse.build.notebook import write
from cvcourse.grading.warm_kernel import forks
from cvcourse.paths import CoursePaths
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork servers are for Linux")
NAME = "cvcourse-warm"
SECONDS = 60


@pytest.fixture(autouse=True)
def checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter finds the checkout's kernels, and they find its package."""
    monkeypatch.setenv("JUPYTER_PATH", str(ROOT))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]]))


@pytest.fixture(scope="module", autouse=True)
def end_servers() -> Iterator[None]:
    """One server serves this file's kernels."""
    yield
    forks.close_all()


@contextmanager
def running(**options) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    """A kernel and a client of it."""
    manager = KernelManager(kernel_name=NAME)
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def show(client: BlockingKernelClient, source: str) -> str:
    """What a cell prints."""
    texts = []

    def keep(message: dict) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    reply = client.execute_interactive(source, timeout=SECONDS, output_hook=keep)
    assert reply["content"]["status"] == "ok", reply
    return "".join(texts)


def test_nbclient_runs_a_notebook() -> None:
    sources = [
        "import sys\nprint('torch' in sys.modules)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "1 / 0",
    ]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name=NAME, timeout=SECONDS, allow_errors=True).execute()
    assert notebook.cells[0].outputs[0].text == "True\n"
    assert "image/png" in notebook.cells[1].outputs[0].data
    assert notebook.cells[2].outputs[0].ename == "ZeroDivisionError"


def test_each_kernel_has_its_own_process_environment_folder_and_random_numbers(tmp_path: Path) -> None:
    look = "import os, random, numpy, torch\n"
    look += "print(os.getpid(), random.random(), numpy.random.rand(), torch.rand(1).item())\n"
    look += "print(os.getpgid(0), os.getcwd(), os.environ['WHOSE'], 'mine' in globals())"
    seen = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first, second = ({"cwd": str(tmp_path / name), "env": os.environ | {"WHOSE": name}} for name in ("first", "second"))
    with running(**first) as (manager, one), running(**second) as (_, other):
        show(one, "mine = 1")
        for client, name, has_name in ((one, "first", "True"), (other, "second", "False")):
            words = show(client, look).split()
            assert words[4:] == [words[0], str(tmp_path / name), name, has_name]
            seen.append(words[:4])
        assert seen[0][0] == str(manager.provisioner.pid)
    assert all(a != b for a, b in zip(*seen, strict=True))
    assert len(forks._servers) == 1  # for both


def test_a_kernel_uses_as_many_threads_as_its_environment_says() -> None:
    look = "import torch, threadpoolctl\n"
    look += "print(torch.get_num_threads(), {pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    unlimited = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    for environment, threads in ((os.environ, 1), (unlimited, len(os.sched_getaffinity(0)))):
        with running(env=dict(environment)) as (_, client):
            assert show(client, look) == f"{threads} {{{threads}}}\n"
    assert {len(os.listdir(f"/proc/{server.pid}/task")) for server in forks._servers.values()} == {1}


def test_an_interrupt_ends_the_cell_and_a_restart_forgets() -> None:
    with running() as (manager, client):
        show(client, "mine = 1")
        sleeping = client.execute("import time; time.sleep(60)")
        time.sleep(0.5)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=SECONDS)
        assert reply["parent_header"]["msg_id"] == sleeping and reply["content"]["ename"] == "KeyboardInterrupt"
        assert show(client, "print(mine)") == "1\n"
        before = manager.provisioner.pid
        manager.restart_kernel(now=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client.wait_for_ready(timeout=SECONDS)
        assert show(client, "print('mine' in globals())") == "False\n"
        assert manager.provisioner.pid != before and not Path(f"/proc/{before}").exists()


def test_a_shutdown_on_request_is_in_order(tmp_path: Path) -> None:
    with running() as (manager, client):
        show(client, f"import atexit\natexit.register(open, {str(tmp_path / 'closed')!r}, 'w')")
        process = manager.provisioner.process
        manager.shutdown_wait_time = SECONDS  # by default a busy machine's kernel is terminated after 2.5 s
        manager.shutdown_kernel()
        assert process.poll() == 0 and (tmp_path / "closed").exists()


def test_a_dead_kernel_is_noticed() -> None:
    with running() as (manager, client):
        process = manager.provisioner.process
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        client.execute("import os; os._exit(3)")
        assert process.wait(SECONDS) == 3 and not manager.is_alive()
    with running() as (manager, _):
        process = manager.provisioner.process
        os.kill(manager.provisioner.pid, signal.SIGKILL)
        assert process.wait(SECONDS) == -signal.SIGKILL and not manager.is_alive()
    notebook = new_notebook(cells=[new_code_cell("import os; os._exit(1)")])
    with pytest.raises(DeadKernelError):
        NotebookClient(notebook, kernel_name=NAME, timeout=SECONDS).execute()


def test_a_server_that_has_ended_is_started_anew() -> None:
    with running() as (manager, client):
        parent = int(show(client, "import os\nprint(os.getppid())"))
        (server,) = [one for one in forks._servers.values() if one.pid == parent]
        process = manager.provisioner.process
        os.kill(server.pid, signal.SIGKILL)
        assert process.wait(SECONDS) == -signal.SIGKILL
    with running() as (_, client):
        assert show(client, "print(1)") == "1\n"
    assert server not in forks._servers.values()


def test_without_a_server_kernels_start_cold(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    def refuse(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr(forks, "fork", refuse)
    with running() as (manager, client):
        assert show(client, "import sys\nprint('torch' in sys.modules)") == "False\n"
        assert isinstance(manager.provisioner.process, subprocess.Popen)
    assert "no more processes" in caplog.text


def test_all_ends_when_the_client_is_killed() -> None:
    source = (
        "import time\n"
        "from jupyter_client.manager import KernelManager\n"
        f"manager = KernelManager(kernel_name={NAME!r})\n"
        "manager.start_kernel()\n"
        "from cvcourse.grading.warm_kernel import forks\n"
        "print(manager.provisioner.pid, *(server.pid for server in forks._servers.values()), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as client:
        pids = client.stdout.readline().split()
        assert len(pids) == 2 and all(Path(f"/proc/{pid}").exists() for pid in pids)
        client.kill()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "something outlived the client"
        time.sleep(0.05)


@pytest.mark.full
def test_nbval_runs_a_notebook(tmp_path: Path) -> None:
    outputs = [new_output("stream", name="stdout", text="True\n")]
    source = "import sys\nprint('torch' in sys.modules)"
    cell = new_code_cell(source, execution_count=1, outputs=outputs, metadata={"tags": ["nbval-check-output"]})
    write(new_notebook(cells=[cell]), tmp_path / "course" / "tiny.ipynb")
    paths = CoursePaths(root=tmp_path, class_dir=tmp_path / "class")
    verdict = nbval.run(tmp_path / "course" / "tiny.ipynb", paths, budget="smoke", kernel=NAME)
    assert verdict.passed, verdict.log
