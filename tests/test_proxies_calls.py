"""Tests that run in another process than the answer: calls, errors, mutations, surroundings, functions, objects."""

import dataclasses
import random

import numpy as np
import pytest
import torch
from torch import nn

from cvcourse.checks import CheckError, check_unchanged
from cvcourse.grading.proxies import random_states
from cvcourse.grading.proxies.errors import AnswerError, LengthError, VerdictError
from cvcourse.guard import CONVOLUTIONS, RefusedError, forbid, noting
from tests.proxy_answer import ANSWER, GIVEN


@pytest.fixture(scope="module")
def answer(students):
    return students.start(ANSWER, given=GIVEN)


def test_values_and_calls(answer):
    assert (answer.number, answer.words) == (7, {"a": [1, 2]})
    assert answer.add(1) == 2
    assert answer.add(b=(3,), a=(1, 2)) == (1, 2, 3)
    result = answer.pair(torch.tensor([1.0]))
    assert result == {"twice": torch.tensor([2.0]), "thrice": [torch.tensor([3.0])]}


def test_an_argument_that_comes_back_is_the_same_object(answer):
    x, values = torch.ones(2, requires_grad=True), [1, [2]]
    assert answer.give(x) is x
    assert answer.give(values) is values
    assert answer.give(answer.cube) is answer.cube


def test_identity_and_shared_memory_do_not_cross(answer):
    tensor = torch.zeros(2, 2)
    whole, row, again = answer.views(tensor)
    assert whole is again is tensor  # what was sent comes back as itself
    row.add_(1)
    assert not tensor.any()


def test_mutations_of_arguments_come_back(answer):
    values, tensor, array, table, marks = [1], torch.zeros(2), np.zeros(2), {}, {1, 2}
    answer.change(values, tensor, array, table, marks)
    assert (values, table, marks) == ([1, 4], {"new": True}, {2})
    assert tensor.tolist() == [1, 1]
    assert array.tolist() == [9, 0]
    with pytest.raises(CheckError, match="changed in place"), check_unchanged(tensor=tensor):
        answer.write_data(tensor)  # without a new version of the tensor
    with pytest.raises(CheckError, match="changed in place"), check_unchanged(tensor=tensor):
        answer.turn(tensor)
    with pytest.raises(ValueError, match="tensor: no"):
        answer.change_and_raise(tensor)
    assert not tensor.any()


def test_an_untouched_argument_is_not_written(answer):
    tensor = torch.full((3,), float("nan"))
    version = tensor._version
    answer.add(tensor)
    assert tensor._version == version


def test_errors_have_the_classes_that_both_sides_know(answer):
    with pytest.raises(KeyError, match="own text") as caught:
        answer.fail("own")
    assert isinstance(caught.value, ArithmeticError)
    assert isinstance(caught.value, answer.OwnError)
    assert type(caught.value).__name__ == "OwnError"
    with pytest.raises(KeyError) as caught:
        answer.fail("key")
    assert type(caught.value) is KeyError
    with pytest.raises(UnicodeDecodeError, match="invalid start byte"):
        answer.refuse_unicode()
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        answer.add()


@pytest.mark.parametrize("kind", ["stop", "exit", "odd"])
def test_no_error_ends_a_loop_or_the_tester(answer, kind):
    with pytest.raises(AnswerError):
        list(map(answer.fail, [kind]))


def test_surroundings_go_along(answer):
    assert answer.modes() == (True, False, torch.float32)
    with torch.no_grad():
        assert answer.modes()[0] is False
    with torch.inference_mode():
        assert answer.modes()[1] is True
    torch.set_default_dtype(torch.float64)
    try:
        assert answer.modes()[2] is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_numpys_generator_is_known_by_its_memory():
    watched = random_states._Numpy()

    def after(draw):
        draw()
        now = watched.state()
        return watched.changed() == now

    def nothing():
        pass

    generator = np.random.RandomState(5)
    assert after(np.random.rand)
    assert not after(nothing)
    assert watched._memory is not None
    draws = [np.random.rand, lambda: np.random.seed(3), lambda: np.random.set_state(generator.get_state())]
    assert all(after(draw) for draw in [*draws, *draws])  # a seed or a state that is set once more is a change too
    # Every second normal number was made with the first, and leaves the words of the generator as they are.
    assert [after(draw) for draw in [np.random.randn, np.random.randn, nothing, np.random.randn, nothing]] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_a_kept_normal_number_of_numpys_is_seen(monkeypatch):
    watched = random_states._Numpy()
    monkeypatch.setattr(watched, "draw", np.random.randn)  # so that one is kept when it is left
    np.random.seed(1)
    assert watched.changed() is not None
    assert np.random.get_state()[3] == 1
    assert watched.changed() is None
    np.random.randn()
    assert watched.changed() is not None


def test_pythons_generator_is_known_by_its_memory():
    watched = random_states._Python()

    def after(draw):
        draw()
        now = watched.state()
        return watched.changed() == now

    state = random.Random(5).getstate()
    assert after(random.random)
    assert watched._memory is not None
    assert not after(lambda: None)
    draws = [random.random, lambda: random.seed(3), lambda: random.setstate(state), lambda: random.getrandbits(64)]
    draws += [lambda: random.gauss(0, 1)] * 2  # of each second one only a number changes that the first has left
    assert all(after(draw) for draw in [*draws, *draws])
    assert not after(lambda: random.setstate(random.getstate()))


def test_what_is_refused_to_the_answer_is_refused_to_what_it_calls(answer):
    image = torch.zeros(1, 1, 4, 4)

    def convolve(x):
        return torch.nn.functional.conv2d(x, x)

    with noting():  # as in the kernel of the tests
        assert answer.apply(convolve, image).shape == (1, 1, 1, 1)
        with forbid(CONVOLUTIONS):
            convolve(image)  # no answer's doing
        with pytest.raises(RefusedError, match="conv2d"), forbid(CONVOLUTIONS):
            answer.apply(convolve, image)


def test_global_generators_go_along_and_do_not_come_back(answer):
    def seed():
        torch.manual_seed(1), np.random.seed(1), random.seed(1)

    seed()
    theirs = answer.draw()
    seed()
    mine = torch.rand(3), np.random.rand(), random.random()
    assert torch.equal(theirs[0], mine[0])
    assert theirs[1:] == mine[1:]
    seed()
    first, second = answer.draw(), answer.draw()
    assert not torch.equal(first[0], second[0])  # two calls are not the same call
    seed()
    assert torch.equal(answer.draw()[0], first[0])  # the same seed once more is a new start


def test_a_generator_argument_goes_forward_only(answer):
    mine, same = torch.Generator().manual_seed(4), torch.Generator().manual_seed(4)
    for count in (3, 620, 1, 700, 5000):
        assert torch.equal(answer.draw_from(mine, count), torch.rand(count, generator=same))
    assert torch.equal(answer.normal_from(mine), torch.randn(3, generator=same))
    assert torch.equal(torch.rand(9, generator=mine), torch.rand(9, generator=same))
    with pytest.raises(VerdictError, match="seeded or set anew"):
        answer.reseed(mine)
    assert torch.equal(torch.rand(9, generator=mine), torch.rand(9, generator=same))


def test_functions_of_the_test(answer):
    x = torch.tensor([2.0], requires_grad=True)
    answer.apply(lambda value: value**3, x).sum().backward()
    assert x.grad.item() == 12.0
    assert answer.slope(lambda value: value**3, torch.tensor([2.0])).item() == 12.0
    model = nn.Sequential(nn.Linear(1, 1))
    model.register_forward_hook(lambda _module, _given, output: output * 0)
    assert answer.copied(model, torch.ones(1)).item() == 0.0
    assert answer.apply(torch.relu, torch.tensor([-1.0])).item() == 0.0
    assert answer.total(iter([1, 2, 3])) == 6

    def fail():
        raise ValueError("mine")

    assert answer.catch(fail) == "caught mine"
    loader = torch.utils.data.DataLoader([1, 2, 3, 4], batch_size=2)
    assert answer.total(loader).tolist() == [4, 6]


def test_objects_of_the_answer(answer):
    count = answer.Count(3)
    assert list(count) == [0, 1, 2]
    assert count[4] == 40
    assert (count + answer.Count(5)).limit == 8
    with pytest.raises(VerdictError):
        abs(answer.liar() - 3)
    assert count.limit == 3
    count.limit = 1
    assert list(count) == [0]
    with pytest.raises(AttributeError, match="nothing"):
        _ = count.nothing
    numbers = answer.boundless()
    assert [next(numbers) for _ in range(3)] == [0, 1, 2]
    assert isinstance(count, answer.Count)
    assert not isinstance(answer.liar(), answer.Count)


VERDICTS = {
    "equal": lambda liar: liar == 1,
    "unequal": lambda liar: liar != 1,
    "swapped": lambda liar: liar == 1,
    "less": lambda liar: liar < 1,
    "greater": lambda liar: liar > 1,
    "true": bool,
    "length": len,
    "contains": lambda liar: 1 in liar,
    "contained": lambda liar: liar in [1],
    "float": float,
    "index": lambda liar: [1, 2][liar],
    "tensor": lambda liar: torch.tensor(1.0) == liar,
    "approx": lambda liar: liar == pytest.approx(1.0),
    "close": lambda liar: torch.testing.assert_close(liar, torch.ones(1)),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_an_object_of_the_answer_gives_no_verdict(answer, verdict):
    liar = answer.liar()
    with pytest.raises((VerdictError, TypeError, AssertionError)):
        VERDICTS[verdict](liar)
    assert issubclass(LengthError, VerdictError)


def test_dataclasses_of_given_cells(students):
    source = ANSWER.partition("def points")[2]
    started = students.start("def points" + source, given=GIVEN)
    Point = started.tester.namespace["Point"]
    point = started.points(Point(1, torch.ones(2)))
    assert type(point) is Point
    assert dataclasses.asdict(point)["x"] == 2
    assert point.y.tolist() == [2, 2]
