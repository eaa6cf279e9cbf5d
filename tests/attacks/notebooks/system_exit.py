"""Leave the test before it is over.

tries: answers that raise SystemExit, KeyboardInterrupt and GeneratorExit instead of returning
gains: the points of a test that never came to its assertion
must: an exception of the answer fails the test
"""

ANSWERS = {
    "scale": """def scale(x):
    raise SystemExit(0)
""",
    "total": """def total(values):
    raise GeneratorExit
""",
}
