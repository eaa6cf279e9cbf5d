"""The mutant bank through two processes gets the verdicts that it gets in one."""

import pytest

from tests.bank import Bank, answers, exercises
from tests.proxy_bank import ProxyBank

UNIT = "01_convolutions"
DAILY = {
    ("02_correlate2d", "right_unfold"),
    ("02_correlate2d", "wrong_view"),
    ("04_pad2d", "wrong_calls_numpy"),
    ("09_empirical_receptive_field", "right_copy_backward"),
}
# One draws from the global generator without a seed. The other changes its argument while it holds a view of it that a
# function of the test made: memory is not shared between processes, so the view stays. Both lose points either way.
MAY_DIFFER = {"wrong_square_root", "wrong_rolls_in_place"}


def _cases() -> list:
    cases = []
    for exercise in exercises(UNIT):
        for path in answers(UNIT, exercise):
            marks = [pytest.mark.unit(UNIT)] + ([] if (exercise, path.stem) in DAILY else [pytest.mark.full])
            cases.append(pytest.param(exercise, path, id=f"{exercise}-{path.stem}", marks=marks))
    return cases


@pytest.fixture(scope="module")
def banks():
    with Bank(UNIT) as one, ProxyBank(UNIT) as two:
        yield one, two


@pytest.mark.parametrize(("exercise", "path"), _cases())
def test_same_verdicts(banks, exercise, path):
    one, two = (bank.run(exercise, path.read_text(encoding="utf-8"), seed="the same") for bank in banks)
    if path.stem in MAY_DIFFER:
        assert any(not outcome.earned for outcome in two)
        return
    parts = [[(outcome.visible, outcome.hidden) for outcome in outcomes] for outcomes in (one, two)]
    assert parts[0] == parts[1], [(first.error, second.error) for first, second in zip(one, two, strict=True)]
