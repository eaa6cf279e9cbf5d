"""Exporters that stand in for nbconvert's, in the process that makes pages; few imports, for they are waited for."""

import os
import signal
import time


class Exporter:
    """What becomes of the page is told by the name of the notebook."""

    def __init__(self, config=None):
        pass

    def from_filename(self, filename, resources):
        if filename == "endless":
            while True:
                pass
        elif filename == "asleep":
            time.sleep(60)
        elif filename == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif filename == "wrong":
            raise ValueError(f"no\n{'x' * 1000}")
        print("among the pages")
        return f"the page of {filename}", resources


class Endless(Exporter):
    """Works on the page for ever."""

    def register_preprocessor(self, preprocessor):
        pass

    def from_filename(self, filename, resources):
        return super().from_filename("endless", resources)
