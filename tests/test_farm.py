"""A farm on this machine: every submission comes back once, whatever dies, and nothing is open or left behind.

The walls are stand-ins: these tests are about what is around them.
"""

import contextlib
import pickle
import socket
import sys
import threading
import time

import psutil
import pytest

from cvcourse.errors import ClassError
from cvcourse.grading.execute import Limits
from cvcourse.grading.farm import Work, connection
from cvcourse.grading.farm.farm import IN_FLIGHT
from cvcourse.grading.farm.installed import installed
from cvcourse.grading.farm.worker import Task, mark_one
from cvcourse.grading.isolation import IsolationError
from cvcourse.grading.outcomes import Outcome, Verdict
from tests import farm_walls
from tests import tiny_course as tiny
from tests.farm_works import SEED, SLOW, assignment, gone, mixed, open_farm, points, until, work, worker_processes

ME = psutil.Process()


@pytest.fixture(scope="module")
def farm():
    """Two worker processes with one thread each; `farm.ports` are those that it opened."""
    processes, ports = set(ME.children(recursive=True)), listening()
    with open_farm(farm_walls.Walls, workers=2, processes=2) as farm:
        farm.ports = listening() - ports
        yield farm
        ours = set(ME.children(recursive=True)) - processes
    assert ours
    assert gone(list(ours), 10)


def listening():
    """The ports on which this process and all below it listen."""
    tree = [ME, *ME.children(recursive=True)]
    return {one.laddr for process in tree for one in process.net_connections() if one.status == psutil.CONN_LISTEN}


def results(farm, works):
    """All results by student; nobody's comes twice."""
    found = {}
    for one, result in farm.mark(works):
        assert one.student not in found
        found[one.student] = points(result)
    return found


def expected(works):
    return {one.student: value for one, value in works.items()}


def later(seconds, do):
    timer = threading.Timer(seconds, do)
    timer.start()
    return timer


def test_every_submission_comes_back_once_with_its_points(farm):
    works = mixed(12, "once")
    assert results(farm, works) == expected(works)
    assert farm.notes == []


def test_the_same_file_is_marked_once_for_all_who_handed_it_in(farm):
    clock = "def double(x):\n    # slow\n    import time\n    raise ValueError(time.time_ns())"
    data = tiny.as_bytes(tiny.handed_in(double=clock))
    found = list(farm.mark(Work("shared", name, data) for name in ("a", "b", "a", "c")))
    assert sorted(one.student for one, _ in found) == ["a", "b", "c"]
    assert len({result.verdicts[0].reason for _, result in found}) == 1
    assert len({id(result.notebook) for _, result in found}) == 3  # each may be changed by whoever gets it


def test_only_a_few_are_read_ahead(farm):
    read = []

    def coming():
        for one in mixed(30, "ahead"):
            read.append(one)
            yield one

    for count, _ in enumerate(farm.mark(coming()), start=1):
        assert len(read) - count < IN_FLIGHT * 2
    assert len(read) == 30


def test_a_defect_of_the_grader_is_a_reason_and_the_rest_goes_on(farm):
    works = mixed(4, "defect") | {work(9, "defect", double="# a defect of the grader"): "RuntimeError: a defect"}
    assert results(farm, works) == expected(works)


def test_files_that_are_no_notebooks_and_large_ones_are_taken(farm):
    large = tiny.handed_in()
    large.cells[0].source += "x" * 4_000_000
    found = results(farm, [work(0, "none", b"\xff\xfe\x00"), work(0, "large", tiny.as_bytes(large))])
    assert found == {"none0": 0.0, "large0": 10.0}


def test_earlier_verdicts_reach_the_worker(farm):
    kept = Verdict("shift-visible", "Exercise 2: Shift", Outcome.PASSED, 0.5, 1.0)
    one = Work("kept", "kept", tiny.as_bytes(tiny.handed_in()), {"shift-visible": kept})
    [(_, result)] = farm.mark([one])
    assert [v.points for v in result.verdicts] == [2.0, 3.0, 0.5, 4.0]


def test_a_worker_imports_neither_torch_nor_nbgrader(farm):
    heavy = "torch", "nbgrader"
    loaded = farm._client.run(lambda: [name for name in heavy if name in sys.modules])
    assert list(loaded.values()) == [[], []]


def test_every_port_is_on_the_loopback_and_asks_for_the_certificate(farm):
    assert len(farm.ports) == 5  # the scheduler, two nannies, two workers
    assert {port.ip for port in farm.ports} == {"127.0.0.1"}
    for port in farm.ports:
        with socket.create_connection((port.ip, port.port), timeout=5) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = b""
            with contextlib.suppress(ConnectionError):
                while data := plain.recv(4096):
                    answer += data
        assert b"HTTP" not in answer  # a TLS alert at most


def test_a_client_without_the_certificate_is_refused(farm):
    from distributed import Client, Security

    with pytest.raises((OSError, RuntimeError)):
        Client(farm._client.scheduler.address, security=Security.temporary(), timeout=2, set_as_default=False)


def test_a_killed_worker_loses_nothing(farm):
    works = {work(n, "kill", double=SLOW): 10.0 for n in range(12)}
    victim = worker_processes(ME)[0]
    timer = later(0.5, victim.kill)
    assert results(farm, works) == expected(works)
    timer.join()
    assert not victim.is_running()
    until(lambda: len(farm._client.nthreads()) == 2)


def test_a_killed_nanny_is_started_again(farm):
    works = {work(n, "nanny", double=SLOW): 10.0 for n in range(12)}
    nannies = next(one for one in ME.children() if "cvcourse.grading.farm.nannies" in one.cmdline())
    timer = later(0.5, nannies.kill)
    assert results(farm, works) == expected(works)
    timer.join()
    until(lambda: len(farm._client.nthreads()) == 2)


def test_a_lost_connection_loses_nothing(farm):
    client = farm._client
    works = {work(n, "lost", double=SLOW): 10.0 for n in range(16)}

    def cut():
        client.loop.add_callback(lambda: client.scheduler_comm.comm.abort())
        time.sleep(0.5)
        one = list(client.nthreads())[:1]
        client.run(lambda dask_worker: dask_worker.batched_stream.comm.abort(), workers=one, on_error="ignore")

    timer = later(0.5, cut)
    assert results(farm, works) == expected(works)
    timer.join()
    until(lambda: len(client.nthreads()) == 2)


def test_a_submission_that_kills_its_worker_is_a_reason_and_nobody_elses_fault(farm):
    def strict(dask_scheduler):
        dask_scheduler.allowed_failures = 0

    farm._client.run_on_scheduler(strict)
    poison = work(99, "poison", double="# the worker dies")
    works = {poison: "each worker process that ran it died, also where it ran alone"}
    works |= {work(n, "poison", double=SLOW): 10.0 for n in range(4)}
    assert results(farm, works) == expected(works)
    until(lambda: len(farm._client.nthreads()) == 2)


def task(walls, **changes):
    same = {"assignment": assignment(), "seed": SEED, "limits": Limits(), "installed": installed()}
    return Task(name="another", walls=walls, **{**same, **changes})


def test_slow_kernels_are_noted(farm):
    with connection.started_run(farm._client, task(farm_walls.ColdWalls)) as notes:
        assert notes == ["cold kernels, which take seconds each: inner wall: not here"]


def test_a_missing_bubblewrap_is_told_in_one_line_before_any_submission(farm):
    starting = connection.started_run(farm._client, task(farm_walls.no_walls))
    with pytest.raises(IsolationError, match=r"^outer wall: there is no bubblewrap here$"), starting:
        raise AssertionError("it must not start")


def test_a_worker_with_other_programs_is_refused(farm):
    starting = connection.started_run(farm._client, task(farm_walls.Walls, installed={"torch": "0.1"}))
    with (
        pytest.raises(ClassError, match=r"other programs than this machine: torch .* instead of 0\.1; install"),
        starting,
    ):
        raise AssertionError("it must not start")


def test_a_scheduler_with_other_programs_is_refused(farm, monkeypatch):
    # The scheduler of this farm lives in another thread, not on another machine.
    monkeypatch.setattr(connection, "installed", lambda: {"cvcourse": threading.current_thread().name})
    starting = connection.started_run(farm._client, task(farm_walls.Walls))
    with pytest.raises(ClassError, match=r"the scheduler .* cvcourse .* instead of MainThread"), starting:
        raise AssertionError("it must not start")


def test_without_walls_cells_run_in_a_plain_kernel(farm):
    with connection.started_run(farm._client, task(None)) as notes:
        assert notes == []
        answer = farm._client.submit(mark_one, "another", tiny.as_bytes(tiny.handed_in()), {}).result()
    assert points(pickle.loads(answer)) == 10.0


def test_a_missing_dask_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClassError, match=r"pip install cvcourse\[grading\]"), open_farm(farm_walls.Walls):
        raise AssertionError("it must not open")


@pytest.mark.parametrize("options", [{"workers": 0}, {"processes": 0}])
def test_a_farm_has_a_worker(options):
    with pytest.raises(ValueError, match="at least 1"):
        open_farm(farm_walls.Walls, **options)
