"""Attacks on verdicts, one file each: a cell that a student might hand in to pass a test without an answer.

A file has a docstring with the lines `tries:`, `gains:` and `must:`, and

- `CELL`: the source, which defines `scale`. The exercise is `scale(x) = 2 * x`.
- `TEST` (optional): another test cell than the usual one.
- `ONE` (default True): the attack is also run in one process, where it must pass the test; so a cell that tries nothing
  is noticed. False where the attack is on the proxies themselves.
- `KERNEL` (default False): the attack is on IPython or on what surrounds a cell; it is run in isolated kernels only and
  passes its test where one kernel runs both.
- `MATCH` (optional): what the failure must say; `KERNEL_MATCH`: in a kernel, if that is another thing.
- `SECONDS` (optional): how long the tester waits for a reply.
"""
