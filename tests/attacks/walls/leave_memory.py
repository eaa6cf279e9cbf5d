"""Change what the next kernel starts with.

tries: replace functions of modules, builtins, IPython's methods, and bytes of loaded libraries' data
gains: comparisons that always agree in the tester
must: memory is copied when written: the next kernel has the zygote's
"""

BARE = False
STATUS = ("ok", "died")  # the kernel answers through what the cell has just spoilt

CELL = r"""
import builtins, ctypes, gc, json
import numpy
numpy.allclose = lambda *a, **k: True
builtins.sum = lambda *a: 7
json.dumps.__code__ = (lambda *a, **k: "planted").__code__
ctypes.c_char.from_address(id(None) + 64)
type(get_ipython()).run_cell = None
for module in list(__import__("sys").modules.values()):
    if hasattr(module, "__dict__"):
        module.planted = 1
"""


def check(outputs, scene) -> None:
    look = "import numpy, json; print(numpy.allclose(1, 2), sum([1]), json.dumps(1), hasattr(numpy, 'planted'))"
    with scene.zygote.spawn() as following:
        assert following.run(look, cpu_seconds=5, wall_seconds=20).text == "False 1 1 False\n"
