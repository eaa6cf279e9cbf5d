"""Read the grader's environment variables.

tries: its own variables, and /proc/PID/environ of every process
gains: access keys, the secret seed of the class
must: the environment is made anew for each kernel, and no other process is seen
"""

CELL = r"""
import glob, os
texts = [str(dict(os.environ))]
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        texts.append(open(path).read())
    except OSError:
        pass
for text in texts:
    if "@variable@" in text:
        print("loot:", text[text.index("@variable@"):][:80])
"""
