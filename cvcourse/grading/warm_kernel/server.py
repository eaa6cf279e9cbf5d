"""The fork server: `python -P -m cvcourse.grading.warm_kernel.server DESCRIPTOR`, a socket to its client.

A request is a byte with two descriptors (standard output and error), then JSON: `arguments` of the ipykernel,
`environment`, `folder`. The answer is {"pid": ...} with a descriptor from which the exit code can be read once the
kernel has ended. It ends when the client's end of the socket is closed.
"""

import contextlib
import gc
import importlib.util
import json
import os
import random
import select
import signal
import socket
import sys
import time

from cvcourse.grading.isolation import wire
from cvcourse.grading.isolation.inside import libc

PRELOAD = (
    "numpy",
    "torch",
    "torchvision",
    "matplotlib.pyplot",
    "IPython",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipywidgets",
)
INLINE = "module://matplotlib_inline.backend_inline"


def serve(client: socket.socket) -> dict | None:
    """Fork a kernel for each request. Returns the request in each kernel, and None in the server, at its end."""
    kernels: dict[int, tuple[int, int]] = {}  # by pidfd: its process, where to write its exit code
    while True:
        ready = select.select([client, *kernels], [], [])[0]
        for pidfd in [one for one in ready if one is not client]:
            pid, status = kernels.pop(pidfd)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(pidfd)
            with open(status, "wb", buffering=0) as file, contextlib.suppress(BrokenPipeError):  # nobody asks any more
                file.write(str(code).encode())
        if client not in ready:
            continue
        data, streams, _, _ = socket.recv_fds(client, 1, 2)
        if not data:
            return None
        request = wire.receive(client)
        told, status = os.pipe()
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            for descriptor in (told, status, *kernels, *(pair[1] for pair in kernels.values())):
                os.close(descriptor)
            client.close()
            _become_kernel(request, streams, server)
            return request
        kernels[os.pidfd_open(pid)] = pid, status
        socket.send_fds(client, [json.dumps({"pid": pid}).encode()], [told])
        for descriptor in (told, *streams):
            os.close(descriptor)


def _become_kernel(request: dict, streams: list[int], server: int) -> None:
    """What a new process would have: session, output, environment, folder, random numbers, threads."""
    os.setsid()
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.environ["JPY_PARENT_PID"] = str(server)
    time.tzset()
    os.chdir(request["folder"])
    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *request["arguments"]]
    gc.enable()
    _start_libraries_afresh()


def _start_libraries_afresh() -> None:
    import matplotlib
    import numpy
    import torch
    from threadpoolctl import threadpool_limits

    random.seed()
    numpy.random.seed()
    torch.seed()
    asked = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(asked) if asked.isdigit() else len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    if not os.environ.get("MPLBACKEND"):  # as ipykernel does, but before matplotlib is imported
        os.environ["MPLBACKEND"] = matplotlib.rcParams["backend"] = INLINE


def main(descriptor: int) -> None:
    """The program."""
    client = socket.socket(fileno=descriptor)
    os.set_inheritable(descriptor, False)
    for name in PRELOAD:
        importlib.import_module(name)
    gc.collect()
    gc.disable()
    gc.freeze()
    request = serve(client)
    if request is None:
        os._exit(0)  # some libraries complain when a process ends in order
    from ipykernel.kernelapp import IPKernelApp

    # The parent's process id it would have read from the environment when it was imported.
    IPKernelApp.launch_instance(request["arguments"], parent_handle=os.getppid())


if __name__ == "__main__":
    main(int(sys.argv[1]))
