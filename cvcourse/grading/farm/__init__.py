"""Grading many submissions on a Dask cluster: one on this machine by default, any other by the scheduler's address.

    with Farm(assignment, seed, limits, workers=4) as farm:
        for work, result in farm.mark(works):   # in the order in which they finish
            ...                                 # `Marked`, or a text: what the grader itself failed with

The caller is the only one that keeps anything. A submission whose worker was killed, whose pre-warmed process ended or
whose connection was lost runs again; each piece of work is given back once.

- `work`: what goes out. `farm`: the loop in the calling process. `connection`: to a scheduler, here or elsewhere.
- `local`: the scheduler in the calling process, and the program beside it, `nannies`, that keeps the workers alive.
- `worker`: what runs in a worker process; `keeper`: its one pre-warmed process, made when it is needed.
- `installed`: whether two machines have the same programs. `quiet`: Dask's parts without ports that nobody needs.

Only the worker's parts are imported in a worker, and nothing there imports torch: students' code runs behind the walls
of `cvcourse.grading.isolation`, in processes of its own.
"""

from importlib import import_module

__all__ = ["Farm", "Work"]

_LAZY = {"Farm": "farm", "Work": "work"}


def __getattr__(name: str):
    # The program that keeps the workers alive needs neither of them.
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
