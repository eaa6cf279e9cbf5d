"""Kernels for code of strangers: forked warm from one process behind bubblewrap, each behind walls of its own.

Two walls. The outer one is bubblewrap's, put once around a pre-warmed process (the zygote): read-only system, no
network, empty environment, no view of home folders or of the course. The inner one is put around each kernel: the
zygote clones it into its own user, mount, pid, network, ipc and uts namespaces, with its own file systems, limits and
system-call filter. The worker, which runs neither student code nor anything that a student wrote, looks at every kernel
from outside before it sends the first byte.

    from cvcourse.grading.isolation import Limits, Zygote, wait

    with Zygote() as zygote:                          # about as long as `import torch`; tests both walls
        with zygote.spawn(role="student") as kernel:  # milliseconds
            outputs = kernel.run("1 + 1", cpu_seconds=60, wall_seconds=240)
            outputs.status   # "ok", "error", "timeout", "died", "output limit", "memory"
            outputs.outputs  # nbformat outputs, checked against the notebook schema

The parts, one file each
- `Zygote(preload=..., limits=..., mode="auto")`: a context manager. `spawn(...)` may be called from several threads.
  The lifeline is a socket to it: when the worker process ends in whatever way, the zygote and every kernel end. A
  worker must not fork itself (exec is harmless): its copy would hold the lifeline too.
  `preload` names modules to import, and functions to call once as "module:function"; neither may start a thread.
  `mode` is "warm" (both walls), "cold" (a fresh bubblewrap for each kernel, seconds instead of milliseconds: where the
  kernel grants bubblewrap but no namespaces inside it), or "auto": warm where it works, otherwise cold with a warning
  (`zygote.mode` tells which, `zygote.slow_because` why). `IsolationError` where bubblewrap itself does not run.
- `zygote.spawn(role="student", fds=(), extension=None, limits=None, environment=None)` gives a verified `Kernel`.
  `fds` are sockets for the kernel (at most 8), for instance one end of a `socket.socketpair()` between a student's and
  a tester's kernel; the caller closes its own copies afterwards. `environment` (for instance a secret seed for a
  tester) goes to this kernel alone, never through the zygote, which later kernels are copies of.
- `Kernel.run(source, cpu_seconds=, wall_seconds=)` runs a cell and returns `Outputs`. `Kernel.call(name, argument,
  ...)` calls a handler of the kernel's extension and returns `Outputs` with `value`. Both are `start(...)` or
  `start_call(...)` followed by `wait`: two kernels that talk to each other are started first and waited for together:

      serving = student.start_call("serve", cpu_seconds=60, wall_seconds=240)
      testing = tester.start("assert area(2) == 4", cpu_seconds=60, wall_seconds=240)
      tested, served = wait(testing, serving)

  `wait(..., until="any")` returns when the first is done and leaves the others running (`None` in their place).
  A kernel runs one thing at a time. After a status other than "ok" and "error" it is gone (`kernel.alive` is false).
- An extension is the name of a module that is imported inside the kernel (put it into `preload`) and has
  `attach(context: inside.kernel.Context) -> Mapping[str, Callable[[JSON], JSON]]`: the handlers by name. The context
  has `role`, `shell` (IPython's), `sockets` (one for each of `fds`, in order) and `capture` (`flush()` and so on).
  What a handler prints or shows is in the outputs of the call; an exception in it gives status "error".
- Limits (`Limits`) are watched from a thread of the worker, for all kernels and at all times, over the whole tree of
  processes of a kernel: CPU and wall seconds of what runs, memory (private, shared, in files and in descriptors).
  What cannot be read counts as too much: the kernel is killed.
- `diagnose()` says what of all this works on this machine, and `remedy(diagnosis)` what to do where it is not all: the
  text that `cvcourse doctor` shows, and that an `IsolationError` ends with.
- `Kernel.kill()` ends every process of the kernel and returns when none is left. Leaving the context does the same.

What an answer's kernel reports about itself (its outputs, its status, the value of a call) is the student's word: it is
fit to be shown, never to be counted.
"""

from cvcourse.grading.isolation.errors import IsolationError, IsolationWarning, KernelError
from cvcourse.grading.isolation.limits import Limits

__all__ = [
    "DEFAULT_PRELOAD",
    "Diagnosis",
    "IsolationError",
    "IsolationWarning",
    "Kernel",
    "KernelError",
    "Limits",
    "Outputs",
    "Zygote",
    "diagnose",
    "remedy",
    "wait",
]

_LAZY = {
    "DEFAULT_PRELOAD": "zygote",
    "Diagnosis": "remedies",
    "Kernel": "kernel",
    "Outputs": "outputs",
    "Zygote": "zygote",
    "diagnose": "selftest",
    "remedy": "remedies",
    "wait": "running",
}


def __getattr__(name: str):
    # The code inside the walls imports this package too and needs none of the worker's modules.
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
