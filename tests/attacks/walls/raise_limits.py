"""Raise its own limits.

tries: setrlimit and prlimit on every limit, nice, scheduling classes, oom_score_adj
gains: more than its share
must: hard limits cannot be raised without rights
"""

BARE = False

CELL = r"""
import os, resource
for name in dir(resource):
    if name.startswith("RLIMIT_") and name not in ("RLIMIT_SIGPENDING", "RLIMIT_STACK", "RLIMIT_RSS", "RLIMIT_OFILE"):
        soft, hard = resource.getrlimit(getattr(resource, name))
        try:
            more = hard + 1 if hard >= 0 else hard
            resource.setrlimit(getattr(resource, name), (more, more))
            if hard >= 0:
                print("loot: raised", name)
        except (OSError, ValueError) as error:
            pass
try:
    os.nice(-5)
    print("loot: priority")
except OSError as error:
    print(error)
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    print("loot: real time")
except OSError as error:
    print(error)
try:
    open("/proc/self/oom_score_adj", "w").write("-1000")
    print("loot: others are killed first")
except OSError as error:
    print(error)
"""
