"""Never end, whatever is sent.

tries: a loop that ignores interrupts and terminations
gains: a grader that waits for ever
must: it ends within the limit of CPU seconds and costs no other test
"""

CELL = """
import signal

for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(name, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
