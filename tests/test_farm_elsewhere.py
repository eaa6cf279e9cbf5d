"""A farm on a cluster that runs already: a scheduler and a worker started by hand, with certificates of their own."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import dask
import psutil
import pytest

from cvcourse.errors import ClassError
from cvcourse.grading.farm import connection
from tests import farm_walls
from tests.farm_works import SLOW, gone, mixed, open_farm, points, work

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def certificate(tmp_path) -> Path:
    """One file with a key and its certificate, which is its own authority."""
    from distributed import Security

    security = Security.temporary()
    path = tmp_path / "key.pem"
    path.write_text(security.tls_client_key + security.tls_client_cert)
    return path


@pytest.fixture
def launch(tmp_path, certificate):
    """Starts `dask COMMAND ...` with keys and address as a reader would."""
    search = f"{ROOT}:{os.environ['PYTHONPATH']}"
    keys = [word for name in ("ca-file", "cert", "key") for word in (f"--tls-{name}", str(certificate))]
    with contextlib.ExitStack() as undo:
        log = undo.enter_context((tmp_path / "log").open("w"))

        def launch(command: str, *words: str) -> psutil.Process:
            line = [sys.executable, "-m", "dask", command, *words, *keys, "--no-dashboard"]
            process = subprocess.Popen(
                line, stdout=log, stderr=log, cwd=tmp_path, env=os.environ | {"PYTHONPATH": search}
            )
            undo.callback(process.wait)
            undo.callback(process.kill)
            return psutil.Process(process.pid)

        yield launch


def keys(certificate: Path) -> dict[str, str]:
    """Dask's settings for a client."""
    return {f"distributed.comm.tls.{name}": str(certificate) for name in ("ca-file", "client.cert", "client.key")}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_cluster_elsewhere_grades_with_the_keys_of_dasks_configuration(launch, certificate, tmp_path, monkeypatch):
    address = f"tls://127.0.0.1:{free_port()}"
    scheduler = launch("scheduler", "--host", address)
    worker = launch("worker", address, "--nthreads", "2", "--no-nanny", "--local-directory", str(tmp_path))
    works = mixed(8)
    with dask.config.set(keys(certificate)), open_farm(farm_walls.Walls, scheduler=address) as farm:
        found = {one.student: points(result) for one, result in farm.mark(works)}
        assert len(farm._client.nthreads()) == 1
    assert found == {one.student: value for one, value in works.items()}
    with pytest.raises(ClassError, match=r"certificates .*distributed\.comm\.tls\.client\.cert"):
        open_farm(farm_walls.Walls, scheduler=address).__enter__()
    assert worker.is_running()

    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2)
    slow = [work(number, double=SLOW) for number in range(20)]
    with dask.config.set(keys(certificate)), open_farm(farm_walls.Walls, scheduler=address) as farm:
        results = farm.mark(slow)
        assert points(next(results)[1]) == 10.0
        scheduler.kill()
        with pytest.raises(ClassError, match=f"^the connection to the scheduler at {address} is lost: run this again"):
            list(results)
    assert gone([worker], 10)


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_a_scheduler_that_does_not_answer_is_named_in_one_line(certificate, monkeypatch, protocol):
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1)
    address = f"{protocol}://127.0.0.1:{free_port()}"
    with (
        dask.config.set(keys(certificate)),
        pytest.raises(ClassError, match=f"^no Dask scheduler answers at {address} within 1 s .*$"),
    ):
        open_farm(farm_walls.Walls, scheduler=address).__enter__()
