"""Leave files for the next kernel.

tries: write to every folder that it may write to, and to the working folder of whoever comes next
gains: code or answers for the next student's kernel
must: each kernel has file systems of its own, which end with it
"""

BARE = False

CELL = r"""
import os
for place in ("/tmp", "/desk", "/home/student", "/dev/shm", "/tmp/.ipython", "/tmp/.matplotlib"):
    os.makedirs(place, exist_ok=True)
    open(place + "/torch.py", "w").write("print('planted')")
print(os.listdir("/tmp"))
"""


def check(outputs, scene) -> None:
    assert outputs.status == "ok"
    look = "import os; print([place for place in ('/tmp', '/desk', '/home/student', '/dev/shm') if os.listdir(place)])"
    with scene.zygote.spawn() as following:
        assert following.run(look, cpu_seconds=5, wall_seconds=20).text == "[]\n"
