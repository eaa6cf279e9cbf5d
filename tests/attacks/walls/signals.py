"""Kill others by signals.

tries: SIGKILL and SIGSTOP to everybody, to the parent, to process 1, to the ids that it was told
gains: the grader stops, or a rival's kernel dies
must: process ids of others do not exist in its namespace; zygote and tester go on
"""

BARE = False

CELL = r"""
import os, signal
for number in (signal.SIGSTOP, signal.SIGKILL):
    for pid in (@zygote@, @tester@, @worker@, os.getppid(), *range(2, 400)):
        if pid > 1:
            try:
                os.kill(pid, number)
                print("loot: sent a signal to", pid)
            except OSError:
                pass
    try:
        os.kill(-1, number)
    except OSError as error:
        print(error)
"""
