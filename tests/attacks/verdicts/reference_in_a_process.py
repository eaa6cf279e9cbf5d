"""Call the reference in a process that was there before the test.

tries: a process forked in a cell, which is sent each picture and sends back what the reference makes of it
gains: the points of an exercise for its reference
must: where something is refused or counted, no process of the notebook's may run
"""

CELL = """
import os
import torch.nn.functional as F
here, there = os.pipe(), os.pipe()
if not os.fork():
    while True:
        numbers = torch.frombuffer(bytearray(os.read(here[0], 4096)), dtype=torch.float32).reshape(1, 1, 3, 4)
        os.write(there[1], F.conv2d(numbers, torch.full((1, 1, 1, 1), 2.0)).numpy().tobytes())
def scale(x):
    os.write(here[1], x.numpy().tobytes())
    return torch.frombuffer(bytearray(os.read(there[0], 4096)), dtype=torch.float32).reshape(1, 1, 3, 4)
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
