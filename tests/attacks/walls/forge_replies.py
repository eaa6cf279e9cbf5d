"""Forge the kernel's replies.

tries: write a made-up success, with the right name of the run, to its own control socket, then go on working
gains: a cell that fails but counts as run
must: it is the student's word about itself: shown, never counted; the tester's answers are its own
"""

BARE = False

CELL = r"""
import gc, socket
from cvcourse.grading.isolation import wire
from cvcourse.grading.isolation.inside import kernel
me = next(one for one in gc.get_objects() if isinstance(one, kernel._Kernel))
name = me.name_of_run
forged = {"operations": [["stream", "stdout", "forged"]], "done": {"ok": True, "execution_count": 99}}
me.control.sendall(wire.pack(forged | {"name of run": name}))
raise ValueError("the truth")
"""


def check(outputs, scene) -> None:
    # The forged answer is all that the worker sees of this kernel; beside it nothing changes.
    assert outputs.status == "ok" and outputs.text == "forged"
    tested = scene.tester.run("assert 1 == 2", cpu_seconds=5, wall_seconds=20)
    assert tested.status == "error" and tested.ename == "AssertionError"
