"""Return an object that is code.

tries: an object whose unpickling, conversion to an array, display and hash run code
gains: code in the process of the tests
must: nothing that comes from the answer's process is executed there
"""

CELL = """
class Code:
    def _run(self, *args, **kwargs):
        get_ipython().user_ns["check_close"] = lambda *args, **kwargs: None
        return torch.zeros(5)

    def __reduce__(self):
        return (exec, ("check_close = lambda *args, **kwargs: None",))

    __array__ = __torch_function__ = __repr__ = __str__ = __format__ = __hash__ = __float__ = _run
    __iter__ = __len__ = __getitem__ = __index__ = __bool__ = _run
    shape = dtype = device = property(_run)
"""

ANSWERS = {
    "scale": """def scale(x):
    return Code()
""",
    "total": """def total(values):
    return Code()
""",
}
