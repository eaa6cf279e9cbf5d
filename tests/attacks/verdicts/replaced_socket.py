"""Replace the socket below the proxies.

tries: a server whose connection sends every message twice
gains: the first reply again for a second question
must: a reply has the number of its question, and anything else ends the connection
"""

ONE = False

CELL = """
import gc
from cvcourse.grading.proxies.student import Student
def peer():
    return next(thing for thing in gc.get_objects() if type(thing) is Student)

class Twice:
    def __init__(self, real): self.real = real
    def sendall(self, data): self.real.sendall(bytes(data) + bytes(data))
    def __getattr__(self, name): return getattr(self.real, name)
def scale(x):
    server = peer()
    if type(server.connection) is not Twice:
        server.connection = Twice(server.connection)
    return 2 * x
"""

TEST = """
for value in (1.0, 2.0, 3.0):
    x = torch.full((3,), value)
    check_close(scale(x), torch.full((3,), 2.0))
"""

MATCH = """nothing that was asked"""
