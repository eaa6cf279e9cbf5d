"""tools/record.py puts a benchmark's tables into RESULTS.md and touches nothing else."""

from pathlib import Path

import pytest

from tools.record import record

OLD = "# Results\n\n<!-- data: begin -->\nold\n<!-- data: end -->\n\nkept | as it is\n"
PRINTED = "# 2026, two cores\n\n| a | b |\n|---|---|\n| 1 | 2 |\n# seed 0: progress\n\n\n| c |\n|---|\n| 3 |\n"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "RESULTS.md"
    path.write_text(OLD, encoding="utf-8")
    return path


def test_the_section_is_replaced_and_the_rest_kept(results: Path) -> None:
    record("data", PRINTED, results)
    text = results.read_text(encoding="utf-8")
    assert "2026, two cores\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n| c |\n|---|\n| 3 |\n<!-- data: end -->" in text
    assert "old" not in text and "progress" not in text
    assert text.startswith("# Results\n") and text.endswith("\nkept | as it is\n")
    record("data", PRINTED, results)
    assert results.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("name", "printed"), [("data", "Traceback: no table\n"), ("elsewhere", PRINTED)])
def test_nothing_is_written_without_a_table_or_a_section(results: Path, name: str, printed: str) -> None:
    with pytest.raises(ValueError, match=r"table|elsewhere"):
        record(name, printed, results)
    assert results.read_text(encoding="utf-8") == OLD
