"""Call the reference in a thread that was there before the test.

tries: a pool of threads, whose thread torch's modes of the calling thread do not reach
gains: the points of an exercise for its reference
must: threads are guarded as the thread that the test calls
"""

ONE = False

CELL = """
from concurrent.futures import ThreadPoolExecutor
import torch.nn.functional as F
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
def scale(x):
    return pool.submit(F.conv2d, x, torch.full((1, 1, 1, 1), 2.0)).result()
"""

TEST = """
import torch
from cvcourse.guard import CONVOLUTIONS, forbid
x = random_tensor(generator("usual"), 1, 1, 3, 4)
with forbid(CONVOLUTIONS):
    doubled = scale(x)
check_close(doubled, 2 * x)
"""

MATCH = """RefusedError"""
