"""Change the test's variables while it waits for the answer.

tries: from the frames above the answer, replace the check that comes next
gains: all points
must: no name of the tests can be bound from the answer's process
"""

ANSWERS = {
    "scale": """def scale(x):
    import sys
    frame = sys._getframe(1)
    while frame is not None:
        frame.f_globals['check_close'] = lambda *args, **kwargs: None
        frame = frame.f_back
    return x
""",
    "total": """def total(values):
    import sys
    frame = sys._getframe(1)
    while frame is not None:
        frame.f_globals['abs'] = lambda value: 0.0
        frame.f_globals['expected'] = 0.0
        frame = frame.f_back
    return 0.0
""",
}
