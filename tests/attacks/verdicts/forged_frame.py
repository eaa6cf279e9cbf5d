"""Write on the tester's socket past the server.

tries: a reply of the answer's own making, with a reference to something that the test never sent
gains: an object of the tester in place of a result
must: the message is refused, and the test fails
"""

CELL = """
import gc
from cvcourse.grading.proxies.student import Student
def peer():
    return next(thing for thing in gc.get_objects() if type(thing) is Student)

def scale(x):
    from cvcourse.grading.proxies.frames import write_frame
    server = peer()
    along = ["t", ["d"], ["t"]]
    for number in range(100):
        write_frame(server.connection, ["ok", number, ["mine", 1], along], [])
"""

ONE = False

MATCH = """cannot be graded|nothing that was asked"""
