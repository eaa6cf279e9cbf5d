"""A headless Chromium and the Jupyter servers that the command line starts, for the browser tests."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Debian's browser calls home in the background unless it is told not to; the tests have no network.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
START_SECONDS = 90
ROOT = Path(__file__).resolve().parent.parent  # whatever is installed, the server runs what is tested
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*token=\w+")

# Resolves to the open notebook's panel once its kernel answers.
READY = """async () => {
    const app = window.jupyterapp;
    await app.started; await app.restored;
    while (!app.shell.currentWidget?.context) await new Promise(wait => setTimeout(wait, 100));
    const panel = app.shell.currentWidget;
    await panel.context.ready; await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""
RUN_ALL = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells') }"
ERRORS = """() => {
    const found = [];
    for (const cell of window.jupyterapp.shell.currentWidget.content.model.cells)
        for (const output of cell.toJSON().outputs ?? [])
            if (output.output_type == 'error') found.push(`${cell.id}: ${output.ename}: ${output.evalue}`);
    return found;
}"""
COUNTS = """() => {
    const counts = [];
    for (const cell of window.jupyterapp.shell.currentWidget.content.model.cells)
        if (cell.type == 'code') counts.push(cell.executionCount);
    return counts;
}"""


@contextmanager
def chromium(executable: str):
    """A page of a fresh headless browser."""
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS, *sandbox])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(90_000)
        try:
            yield page
        finally:
            browser.close()


def checkout(root: Path, target: Path, *folders: str) -> Path:
    """A copy of the generated parts of the checkout `root`, so that nothing in it is changed by a test."""
    (target / "source").mkdir(parents=True)
    for name in folders:
        shutil.copytree(root / name, target / name)
    shutil.copy(root / "nbgrader_config.py", target)
    return target


@contextmanager
def server(command: str, checkout: Path, *options: str, **environment: str) -> Iterator[str]:
    """Run `cvcourse COMMAND --no-browser` in a checkout; yields the address with its token."""
    arguments = [sys.executable, "-m", "cvcourse.cli", command, "--no-browser", f"--port={_free_port()}", *options]
    config = checkout / "jupyter"  # the page's application object is hidden unless the configuration shows it
    config.mkdir()
    (config / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}', encoding="utf-8")
    environment["JUPYTER_CONFIG_DIR"] = str(config)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    log = checkout / f"{command}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            arguments, cwd=checkout, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def keep_screenshot(page, name: str) -> None:
    """Save a picture of the page where CVCOURSE_SCREENSHOTS names a folder."""
    folder = os.environ.get("CVCOURSE_SCREENSHOTS")
    if folder:
        page.screenshot(path=os.path.join(folder, f"{name}.png"))


def _address(process: subprocess.Popen, log: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        match = ADDRESS.search(log.read_text(encoding="utf-8"))
        if match and _answers(match[0]):
            return match[0]
        time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


def _answers(address: str) -> bool:
    port = int(re.search(r":(\d+)/", address)[1])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
