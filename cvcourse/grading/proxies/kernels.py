"""The extension of both kernels: `Zygote.spawn(role=..., fds=[end], extension="cvcourse.grading.proxies.kernels")`.

The student's kernel has the handler "serve" (the names that a test cell may want of it), the tester's has "fill" (the
same, and those that are never the answer's) and "done", to be called before and after each test cell.
"""

from collections.abc import Callable, Mapping
from typing import Any

from cvcourse.grading.proxies.names import StudentNames
from cvcourse.grading.proxies.student import Student
from cvcourse.grading.proxies.tester import Tester
from cvcourse.guard import noting


def attach(context: Any) -> Mapping[str, Callable[[Any], Any]]:
    """The handlers for the kernel's role; `context` is `isolation.inside.kernel.Context`."""
    namespace = context.shell.user_ns
    if context.role == "student":
        student = Student(context.sockets[0], namespace)
        context.shell.events.register("pre_run_cell", lambda _: student.put_back())
        return {"serve": student.serve}
    tester = Tester(context.sockets[0], namespace)
    names = StudentNames(tester)

    def fill(argument: Any) -> None:
        tester.served = True
        names.fill(*argument, sent=True)

    def done(_: Any) -> None:
        tester.done()
        tester.served = False

    tester.served = False
    tester.noting = noting()
    tester.noting.__enter__()
    return {"fill": fill, "done": done}
