"""`make test-full` only: every notebook in the cpu budget, its deterministic outputs compared (`make nbval`)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_every_notebook_in_the_cpu_budget(root: Path) -> None:
    command = [sys.executable, "-m", "cvcourse.build.nbval", "--budget", "cpu"]
    environment = {**os.environ, "CVCOURSE_BUDGET": "cpu"}
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment, timeout=3500)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
