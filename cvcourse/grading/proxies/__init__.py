"""Two processes, so that nothing inside the answer's process decides.

The student's cells run in one process, the instructor's test cells in another, in which no student code ever runs.
Names that the student defined resolve there to plain values, copied, or to proxies. Between the two is a socket:

- `frames`, `tensors`, `encode`, `decode`: messages of JSON and raw bytes. They cannot execute anything; limits on
  sizes, depth and numbers hold before anything is built.
- `peer`: asking, and answering while one waits; `side` is what the two ends do differently, `student` and `tester` how.
- `context`: gradient mode, default dtype, generators, guard and operator count go along with a call, never back.
- `changes`, `parameters`, `modules`, `generators`: what a call did to its arguments, found by content.
- `gradients`: graphs that go on in the other process, to any order.
- `telling`: which part of which value of which call cannot cross, in words.
- `exceptions`: classes by the names of their bases; `proxy`: everything else, which no verdict is asked of.
- `names`: which names of a test cell are the answer's; `kernels`: the extension for isolated kernels.
- `pair`: both kernels of a submission, as the worker drives them.

What does not cross: memory (a view that a function of the test made of an answer's tensor is a copy there), a class of
the answer as a base class in the test, the source of a function. A test of a class with operators compares plain
attributes; an operator whose result is a plain value is refused, as the answer could compute its distance to what is
expected.
"""
