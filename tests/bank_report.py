"""A pytest plugin: what the mutant bank found, as a table at the end of the run."""

import pytest

from tests.bank import Outcome


class BankReport:
    """Collects the outcomes of wrong answers and prints, per exercise, who caught them."""

    def __init__(self) -> None:
        self.wrong: dict[str, list[list[Outcome]]] = {}
        self.right: dict[str, int] = {}

    def add(self, exercise: str, right: bool, outcomes: list[Outcome]) -> None:
        """Keep what one answer got."""
        if right:
            self.right[exercise] = self.right.get(exercise, 0) + 1
        else:
            self.wrong.setdefault(exercise, []).append(outcomes)

    def rows(self) -> list[tuple[str, int, int, float, float]]:
        """Exercise, right answers, wrong answers, share of the wrong ones caught by visible and by hidden tests."""
        rows = []
        for exercise in sorted(self.wrong.keys() | self.right.keys()):
            runs = self.wrong.get(exercise, [])
            visible = sum(any(not outcome.visible for outcome in run) for run in runs)
            hidden = sum(any(not outcome.hidden for outcome in run) for run in runs)
            count = max(len(runs), 1)
            rows.append((exercise, self.right.get(exercise, 0), len(runs), visible / count, hidden / count))
        return rows

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        rows = self.rows()
        if not rows:
            return
        terminalreporter.section("mutant bank: wrong answers caught")
        terminalreporter.line(f"{'exercise':<44} right  wrong  visible  hidden")
        for exercise, right, wrong, visible, hidden in rows:
            terminalreporter.line(f"{exercise:<44} {right:>5}  {wrong:>5}  {visible:>7.0%}  {hidden:>6.0%}")
