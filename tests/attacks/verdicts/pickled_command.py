"""An object that runs a command where it is unpickled.

tries: __reduce__ with a command that writes a file
gains: code of the answer's choice in the tester's process
must: nothing that comes is unpickled: the object stays where it is
"""

CELL = """
import os
class Command:
    def __reduce__(self):
        return (exec, ("import builtins; builtins.check_done = True",))
def scale(x):
    return Command()
"""

ONE = False

TEST = """
import builtins
result = scale(torch.ones(1))
assert not hasattr(builtins, "check_done")
check_close(result, torch.ones(1))
"""

MATCH = """not a tensor"""
