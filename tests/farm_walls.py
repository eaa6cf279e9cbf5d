"""Stand-ins for `cvcourse.grading.walled.Walls` in the tests of the farm: cells run in the worker itself, at once."""

import os
import signal
import time

from cvcourse.grading.isolation import IsolationError
from tests import tiny_course as tiny
from tests.zygotes import PRELOAD


class Walls:
    """Walls without kernels. What an answer asks for in a comment happens to the worker."""

    mode, slow_because, alive = "warm", "", True

    def run(self, notebook, seed, limits, skip=frozenset()):
        text = "\n".join(cell.source for cell in notebook.cells)
        if "# the worker dies" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "# a defect of the grader" in text:
            raise RuntimeError("a defect")
        if "# slow" in text:
            time.sleep(0.2)
        return tiny.run_here(notebook, seed, limits, skip)

    def close(self):
        self.alive = False


class ColdWalls(Walls):
    """As on a machine where only bubblewrap works."""

    mode, slow_because = "cold", "inner wall: not here"


def no_walls():
    """As on a machine without bubblewrap."""
    raise IsolationError("outer wall: there is no bubblewrap here")


def real_walls():
    """The walls themselves, with few modules imported before."""
    from cvcourse.grading.proxies.pair import EXTENSION
    from cvcourse.grading.walled import Walls

    return Walls(preload=(*PRELOAD, EXTENSION))
