"""The client's side: a connection to a scheduler here or elsewhere, with workers that can grade."""

import asyncio
import contextlib
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cvcourse.errors import ClassError, CourseError
from cvcourse.grading.farm.installed import differences, installed

if TYPE_CHECKING:
    from distributed import Client, Security

    from cvcourse.grading.farm.worker import Task

CONNECT_SECONDS = 10
LOCAL_SECONDS = 60  # it is there for certain, on a machine that may be busy
WORKER_SECONDS = 600.0
"""Workers of a batch system wait in a queue."""
_TLS_ADVICE = (
    "name the files in Dask's configuration: distributed.comm.tls.ca-file, distributed.comm.tls.client.cert and "
    "distributed.comm.tls.client.key"
)


@contextlib.contextmanager
def connected(address: str, security: "Security | None" = None) -> Iterator["Client"]:
    """A client of the scheduler.

    Args:
        address: of the scheduler.
        security: the keys to a cluster on this machine; None for one elsewhere, whose keys are in Dask's configuration.

    Raises:
        ClassError: no scheduler answers, or it cannot be talked to.
    """
    from distributed import Client

    local = security is not None
    if not local:
        _reach(address)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other versions there: `started_run` says it
        client = Client(
            address,
            security=security,
            timeout=LOCAL_SECONDS if local else CONNECT_SECONDS,
            direct_to_workers=local,  # elsewhere a worker may be out of reach, and results pass the scheduler
            set_as_default=False,
            name="cvcourse",
        )
    with client:
        yield client


def _reach(address: str) -> None:
    """See whether a scheduler can be talked to. Raises `ClassError`; a `Client` in vain would leave threads behind."""
    from distributed import Security
    from distributed.comm import connect

    async def reach() -> None:
        keys = Security().get_connection_args("client")
        comm = await connect(address, timeout=CONNECT_SECONDS, **keys)
        await comm.close()

    try:
        with ThreadPoolExecutor(1) as pool:  # a notebook's own thread has a loop that runs
            pool.submit(asyncio.run, reach()).result()
    except Exception as error:
        text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        unread = isinstance(error, FileNotFoundError | PermissionError)
        if unread or any(word in text for word in ("ssl_context", "certificate", "encryption", "SSL")):
            raise ClassError(f"the scheduler at {address} wants other certificates ({text}): {_TLS_ADVICE}") from error
        raise ClassError(f"no Dask scheduler answers at {address} within {CONNECT_SECONDS} s ({text})") from error


def await_workers(client: "Client", wanted: int, look_after: Callable[[], None]) -> None:
    """Wait until so many workers are there. Raises `ClassError` when there are none in time."""
    until = time.monotonic() + WORKER_SECONDS
    while len(client.nthreads()) < wanted:
        look_after()
        if time.monotonic() > until:
            raise ClassError(f"the scheduler at {client.scheduler.address} has no workers: start some, then try again")
        time.sleep(0.05)


@contextlib.contextmanager
def started_run(client: "Client", task: "Task") -> Iterator[list[str]]:
    """Give the workers what all submissions have in common, and see that each of them can grade.

    Yields:
        Notes: where kernels are slow, and why.

    Raises:
        IsolationError: a worker's machine cannot wall in code of strangers.
        ClassError: other programs are installed there.
    """
    from cvcourse.grading.farm.worker import Run, open_walls

    _check_scheduler(client)
    try:
        client.register_plugin(Run(task))
    except Exception as error:
        raise ClassError(
            f"a worker cannot take the course's package ({_line(error)}): install cvcourse there"
        ) from error
    try:
        answers = client.run(open_walls, task.name, on_error="return")
        yield _notes(answers)
    finally:
        with contextlib.suppress(Exception):  # the connection may be the reason why it ends
            client.unregister_worker_plugin(task.name)


def _check_scheduler(client: "Client") -> None:
    """The scheduler opens every task once, so the package must be there too."""
    try:
        wrong = differences(installed(), client.run_on_scheduler(installed))
    except Exception as error:
        raise ClassError(f"the scheduler cannot import the course ({_line(error)}): install cvcourse there") from error
    if wrong:
        raise ClassError(f"the scheduler has other programs than this machine: {wrong}; install the same there")


def _notes(answers: dict[str, Any]) -> list[str]:
    for address, answer in answers.items():
        if isinstance(answer, CourseError):
            where = "" if "127.0.0.1" in address else f"worker {address}: "
            raise type(answer)(f"{where}{answer}") from answer
        if isinstance(answer, Exception):
            raise ClassError(f"worker {address} does not start: {_line(answer)}") from answer
    slow = [answer for answer in answers.values() if answer]
    return [f"cold kernels, which take seconds each: {why}" for why in dict.fromkeys(slow)]


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__
