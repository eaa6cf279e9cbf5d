"""pytest plugin: counts the seconds of each unit of the course, which have a budget, and prints them at the end.

A test belongs to a unit by the marker `unit(name)`; what has none is counted by its file.
`--dated-table` adds a table with date and machine, as RESULTS.md wants it.
"""

import os
import platform
from collections import defaultdict
from datetime import date

import pytest

# Seconds on two cores that a unit, the attack suite, and everything else together may take of `make test`.
UNIT_SECONDS = 110
OTHER = "everything else"
ATTACKS = "attacks on the grader"
GRADING = "grading"
SECONDS = {OTHER: 300, ATTACKS: 180, GRADING: 360}
FILES = {
    ATTACKS: ("test_isolation_", "test_proxies_", "test_attack_", "test_red_"),
    GRADING: (
        "test_farm",
        "test_full_farm",
        "test_ledger",
        "test_walled",
        "test_grade_",
        "test_feedback",
        "test_report",
    ),
}
FILES[GRADING] += ("test_sanitise", "test_browser_sanitise", "test_anonymous", "test_warm_kernel", "test_bench_grader")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--dated-table", action="store_true", help="print the seconds per unit as a dated table")


class SecondsPerUnit:
    """Adds up the durations of set-up, call and tear-down by unit."""

    def __init__(self) -> None:
        self.unit_of: dict[str, str] = {}
        self.seconds: dict[str, float] = defaultdict(float)
        self.tests: dict[str, int] = defaultdict(int)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            marker = item.get_closest_marker("unit")
            rest = next((name for name, files in FILES.items() if item.path.name.startswith(files)), OTHER)
            self.unit_of[item.nodeid] = marker.args[0] if marker else rest

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        unit = self.unit_of.get(report.nodeid, OTHER)
        self.seconds[unit] += report.duration
        self.tests[unit] += report.when == "call"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        write = terminalreporter.write_line
        terminalreporter.section("seconds per unit")
        for unit in sorted(self.seconds):
            bound = SECONDS.get(unit, UNIT_SECONDS)
            verdict = "" if self.seconds[unit] <= bound else f"  OVER its {bound} s"
            write(f"{unit:24} {self.tests[unit]:5} tests {self.seconds[unit]:7.1f} s of {bound} s{verdict}")
        if config.getoption("--dated-table"):
            machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
            write("")
            write("| what | tests | seconds | date | machine |")
            write("|---|---|---|---|---|")
            for unit in sorted(self.seconds):
                write(f"| {unit} | {self.tests[unit]} | {self.seconds[unit]:.1f} | {date.today()} | {machine} |")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SecondsPerUnit(), "seconds-per-unit")
