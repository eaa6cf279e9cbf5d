"""Speak on the proxies' socket from a thread.

tries: replies with every number that may come, negative ones too, sent before the test has asked anything; the value is
    what the test expects of its first call, and names of the tester's own helpers come along
gains: an answer to a question of one's choice
must: nothing is taken for a reply but what has the number of the open question; the rest ends the connection
"""

ONE = False

CELL = """
import gc, threading
from cvcourse.grading.proxies.frames import write_frame
from cvcourse.grading.proxies.student import Student
def peer():
    return next(thing for thing in gc.get_objects() if type(thing) is Student)

along = ["t", ["d"], ["t"]]
names = ["d", "check_close", ["type", "list"], "random_tensor", ["type", "list"], "scale", ["type", "list"]]
def speak(connection):
    try:
        for number in (-1, 0, 1, 1, 2, 3):
            write_frame(connection, ["ok", number, names, along], [])
    except Exception:
        pass
def scale(x):
    thread = threading.Thread(target=speak, args=(peer().connection,))
    thread.start()
    thread.join()
    return 2 * x
"""

MATCH = """nothing that was asked|cannot be graded"""
