"""Become root by a program that may.

tries: setuid, every set-user-id program of the system, file capabilities
gains: root, and with it the way to everything else
must: no_new_privs: such programs run as the student
"""

CELL = r"""
import glob, os, subprocess
for change in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0]), lambda: os.setgid(0)):
    try:
        change()
        print("loot: changed ids")
    except OSError as error:
        print(error)
programs = [path for path in glob.glob("/usr/bin/*") + glob.glob("/usr/sbin/*") if os.stat(path).st_mode & 0o6000]
print(len(programs), "programs")
if os.path.exists("/usr/bin/su"):
    done = subprocess.run(["/usr/bin/su", "-c", "id -u"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.stdout.strip() == "0":
        print("loot: root")
line = next(line for line in open("/proc/self/status") if line.startswith("NoNewPrivs"))
if line.split()[1] != "1":
    print("loot: may gain rights")
"""
