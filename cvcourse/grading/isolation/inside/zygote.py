"""The pre-warmed process: imports once, then clones a kernel for each request. It holds no secret and one thread.

Arguments: the descriptor of the socket to the worker, and a JSON object with `preload` (modules, and functions without
arguments as "module:function", which are called once where kernels are warm), `uid` (the user to
become, or null), `warm` (whether kernels get namespaces of their own). A request is one packet: JSON with `role`,
`limits`, `extension`, and as descriptors the kernel's socket, its two output files and whatever the caller adds. The
answer is {"pid": ...} with a pidfd, or {"error": ...}. When the worker's end is closed, however it came about, this
process ends, and as process 1 of bubblewrap's namespace it takes every kernel with it.
"""

import functools
import gc
import importlib
import json
import os
import select
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable

from cvcourse.grading.isolation.inside import huge_pages, libc, walls
from cvcourse.grading.isolation.inside.leave_root import leave_root

LONGEST_REQUEST = 1 << 16
MOST_DESCRIPTORS = 3 + 8
Serve = Callable[[dict, int, list[int]], None]
"""Be the kernel of a request, on its socket and the caller's."""


def main(arguments: list[str]) -> None:
    """The program: see the top of this file."""
    worker = socket.socket(fileno=int(arguments[0]))
    settings = json.loads(arguments[1])
    if settings["uid"] is not None and os.getuid() != settings["uid"]:
        os.set_inheritable(worker.fileno(), True)
        leave_root(settings["uid"])
    os.set_inheritable(worker.fileno(), False)
    serve = _warm_up(settings["preload"], settings["warm"])
    threads = os.listdir("/proc/self/task")
    worker.send(json.dumps({"ready": True, "threads": len(threads)}).encode())
    kernels: dict[int, int] = {}  # by pidfd: its process id
    while True:
        ready = select.select([worker, *kernels], [], [])[0]
        for pidfd in [one for one in ready if one is not worker]:
            os.waitpid(kernels.pop(pidfd), 0)
            os.close(pidfd)
        if worker in ready and not _answer(worker, serve, settings["warm"], kernels):
            return


def _warm_up(preload: list[str], warm: bool) -> Serve:
    """Import everything, build all kernels' shell, and set aside what the collector would otherwise copy in each."""
    tempfile.tempdir = "/tmp"  # torch makes a folder at import; each kernel has its own /tmp over it
    functions = []
    for entry in preload:
        name, _, function = entry.partition(":")
        module = importlib.import_module(name)
        functions += [getattr(module, function)] if function else []
    from cvcourse.grading.isolation.inside import kernel, shell

    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    serve = functools.partial(kernel.serve, shell.build_shell())
    for function in [*functions, walls.system_call_filter] if warm else []:
        function()
    gc.collect()
    gc.disable()
    gc.freeze()
    if warm:
        huge_pages.gather()
    return serve


def _answer(worker: socket.socket, serve: Serve, warm: bool, kernels: dict[int, int]) -> bool:
    """Serve one request. False when the worker has gone."""
    try:
        data, descriptors, _, _ = socket.recv_fds(worker, LONGEST_REQUEST, MOST_DESCRIPTORS)
    except ConnectionError:
        return False
    if not data:
        return False
    request = json.loads(data)
    try:
        pid = _fork(request, descriptors, serve, warm)
        pidfd = os.pidfd_open(pid)
        kernels[pidfd] = pid
        socket.send_fds(worker, [json.dumps({"pid": pid}).encode()], [pidfd])
    except OSError as error:
        worker.send(json.dumps({"error": str(error)}).encode())
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return True


def _fork(request: dict, descriptors: list[int], serve: Serve, warm: bool) -> int:
    if not warm:
        libc.prctl(libc.PR_SET_DUMPABLE, 0)
    uid, gid = os.getuid(), os.getgid()
    pid = walls.fork_into_namespaces() if warm else os.fork()
    if pid == 0:
        _be_kernel(request, descriptors, serve, (uid, gid) if warm else None)
    return pid


def _be_kernel(request: dict, descriptors: list[int], serve: Serve, ids: tuple[int, int] | None) -> None:
    """In the child. Whatever happens, it never returns to the zygote's loop."""
    code = 70
    try:
        gc.enable()
        control, out, err, *extra = descriptors
        os.dup2(out, 1)
        os.dup2(err, 2)
        keep = [control, *extra]
        if ids is None:
            walls.enter_cold(request["limits"], keep)
        else:
            walls.enter(request["limits"], keep, *ids)
        serve(request, control, extra)
        code = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)
