"""The table of measured results."""

from cvcourse.results import results


def test_rows_stand_below_budget_and_device(monkeypatch):
    monkeypatch.setenv("CVCOURSE_BUDGET", "cpu")
    monkeypatch.setenv("CVCOURSE_DEVICE", "cpu")
    lines = results([("accuracy", 0.98765, "0.97 (deck)"), ("other", -0.5, "")], note="toy data").data.split("\n")
    assert lines[0] == "Budget cpu, device cpu, toy data."
    assert lines[1] == "" and lines[3] == "|---|---|---|"
    assert lines[4:] == ["| accuracy | 0.9877 | 0.97 (deck) |", "| other | -0.5000 | \N{EN DASH} |"]
