"""The mutant bank: every right answer keeps all points of its exercise, every wrong one loses some."""

import secrets

import pytest

from tests.bank import ROOT, Bank, answers, exercises
from tests.bank_report import BankReport

UNITS = sorted(path.stem for path in (ROOT / "source" / "assignments").glob("*.py"))
# Exercises whose tests train: of these the daily run tries one right and one wrong answer, `full` all of them.
TRAINED = {"11_lenet5", "11_overfit"}
# These answers show that no point is free.
NO_POINT = {"wrong_zeros", "wrong_argument", "wrong_fills_zeros", "wrong_shrinks_kernel", "wrong_clears_argument"}
MISTAKES = 10  # wrong answers that an exercise has at least


def _cases() -> list:
    cases = []
    for unit in UNITS:
        for exercise in exercises(unit):
            daily = set()
            for path in answers(unit, exercise):
                kind = path.stem.partition("_")[0]
                marks = [pytest.mark.unit(unit)]
                if exercise in TRAINED and kind in daily:
                    marks.append(pytest.mark.full)
                daily.add(kind)
                cases.append(pytest.param(unit, exercise, path, id=f"{exercise}-{path.stem}", marks=marks))
    return cases


@pytest.fixture(scope="module")
def report(pytestconfig):
    result = BankReport()
    pytestconfig.pluginmanager.register(result)
    return result


@pytest.fixture(scope="module")
def banks():
    """Unit -> its warmed process, started when it is first needed."""
    started: dict[str, Bank] = {}
    yield lambda unit: started.get(unit) or started.setdefault(unit, Bank(unit).__enter__())
    for bank in started.values():
        bank.__exit__()


@pytest.mark.parametrize(("unit", "exercise", "path"), _cases())
def test_answer(banks, report, unit, exercise, path):
    seed, right = secrets.token_hex(8), path.stem.startswith("right_")
    until_caught = not right and path.stem not in NO_POINT
    outcomes = banks(unit).run(exercise, path.read_text(encoding="utf-8"), seed=seed, until_caught=until_caught)
    report.add(exercise, right, outcomes)
    lost = [f"{outcome.grade_id}: {outcome.error}" for outcome in outcomes if not outcome.earned]
    if right:
        assert not lost, f"CVCOURSE_SEED={seed}: a right answer loses points:\n" + "\n".join(lost)
    else:
        assert lost, f"CVCOURSE_SEED={seed}: a wrong answer keeps all its points"
    if path.stem in NO_POINT:
        earned = [outcome.grade_id for outcome in outcomes if outcome.earned]
        assert not earned, f"CVCOURSE_SEED={seed}: points for nothing in {earned}"


@pytest.mark.parametrize("unit", UNITS)
def test_every_exercise_has_its_bank(unit):
    """DESIGN: two right answers and five wrong ones at least; here three and ten."""
    for exercise in exercises(unit):
        names = [path.stem for path in answers(unit, exercise)]
        right = [name for name in names if name.startswith("right_")]
        wrong = [name for name in names if name.startswith("wrong_")]
        assert len(right) + len(wrong) == len(names), f"{exercise}: a file is neither right_ nor wrong_"
        assert len(right) >= 3, f"{exercise}: {len(right)} right answers"
        assert len(wrong) >= MISTAKES, f"{exercise}: {len(wrong)} wrong answers"
