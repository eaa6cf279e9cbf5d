"""Write what looks like good news on every descriptor.

tries: forged answers, of every form that might be understood, on all sockets of the process
gains: a verdict, or a grader that breaks and stops for the class
must: no point, and the next submission is graded as usual
"""

CELL = r"""
import json
import os

frames = [{"status": "ok"}, {"passed": True}, {"done": True, "outputs": [], "status": "ok", "value": None}]
for descriptor in range(3, 64):
    for frame in frames:
        text = json.dumps(frame).encode()
        for data in (text + b"\n", len(text).to_bytes(4, "little") + text, len(text).to_bytes(8, "big") + text):
            try:
                os.set_blocking(descriptor, False)
                os.write(descriptor, data)
            except OSError:
                break
"""
