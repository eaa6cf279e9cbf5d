"""The assertions of `cvcourse.checks`: what they let pass, and what their messages say."""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from cvcourse import checks
from cvcourse.checks import (
    TOLERANCE,
    CheckError,
    calling,
    check_between,
    check_close,
    check_equal,
    check_gradient,
    check_raises,
    check_results,
    check_tensor,
    check_unchanged,
    generator,
    progress,
    random_tensor,
    strided,
    trying,
    unanswered,
)


class Pair(NamedTuple):
    """A result with names."""

    field: int
    jump: int


@pytest.fixture
def table():
    return torch.arange(6.0).reshape(2, 3)


@pytest.fixture
def no_outcomes(monkeypatch):
    monkeypatch.setattr(checks, "_outcomes", {})


def message(check, *args, **kwargs):
    with pytest.raises(CheckError) as caught:
        check(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64, torch.bool])
def test_close_accepts_equal_tensors(dtype):
    tensor = torch.tensor([[1, 0], [0, 1]]).to(dtype)
    check_close(tensor.clone(), tensor)
    check_close(tensor.t(), tensor)  # other strides, same values


def test_close_accepts_another_order_of_summation_but_not_another_dtype():
    exact = torch.rand(50, dtype=torch.float64) + 1
    check_close(exact * (1 + 1e-14), exact)
    assert "values are wrong" in message(check_close, exact.float().double(), exact)


def test_close_accepts_a_parameter_with_gradient(table):
    check_close(torch.nn.Parameter(table), table)


def test_close_says_what_is_not_a_tensor(table):
    assert "None (is there a return?)" in message(check_close, None, table, name="f(x)")
    assert "of type ndarray" in message(check_close, table.numpy(), table)
    assert "of type float" in message(check_close, 2.5, table)


def test_close_does_not_ask_a_subclass_for_its_opinion(table):
    class Agreeable(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return torch.tensor(True)

    assert "not a tensor" in message(check_close, torch.zeros(2, 3).as_subclass(Agreeable), table)


def test_close_names_shape_and_dtype(table):
    said = message(check_close, table[:, :2], table, name="pad2d(x, 1)")
    assert said.startswith("pad2d(x, 1): the wrong shape")
    assert "shape (2, 3)" in said and "shape (2, 2)" in said
    said = message(check_close, table.double(), table)
    assert "the wrong dtype" in said and "torch.float64" in said
    assert "the wrong layout" in message(check_close, table.to_sparse(), table)


def test_close_points_at_the_largest_difference(table):
    wrong = table.clone()
    wrong[1, 2], wrong[0, 0] = 9, 0.5
    said = message(check_close, wrong, table, hint="mind the border")
    assert "2 of 6 values are wrong" in said
    assert "largest difference 4 at [1, 2]: expected 5, given 9" in said
    assert said.endswith("hint      mind the border")
    assert all(len(line) < 200 for line in said.splitlines())


def test_close_counts_missing_numbers(table):
    wrong = table.clone()
    wrong[0, 1] = float("nan")
    assert "1 values are NaN, expected 0" in message(check_close, wrong, table)
    check_close(wrong, wrong.clone())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_close_is_isclose_for_all_kinds_of_numbers(dtype):
    infinite, missing = float("inf"), float("nan")
    values = torch.tensor([0, 1, -1, 1e-5, 1 + 1e-6, 1.05, 6e4, infinite, -infinite, missing], dtype=dtype)
    for given in values:
        for wanted in values:
            actual, expected = torch.stack([given, values[1]]), torch.stack([wanted, values[1] * (1 + 1e-10)])
            tolerance = TOLERANCE[dtype]
            right = torch.isclose(actual, expected, rtol=tolerance, atol=tolerance, equal_nan=True).all()
            if right:
                check_close(actual, expected)
            else:
                assert "1 of 2 values are wrong" in message(check_close, actual, expected)


def test_close_compares_large_integers_exactly():
    big = torch.tensor([2**60, 2**60 + 1])
    said = message(check_close, torch.tensor([2**60, 2**60]), big)
    assert "1 of 2 values are wrong" in said and f"largest difference 1 at [1]: expected {2**60 + 1}" in said
    far = message(check_close, torch.tensor([-(2**63)]), torch.tensor([2**63 - 1]))
    assert f"largest difference {2**64 - 1} at [0]" in far


def test_a_gradient_that_did_not_arrive(table):
    check_gradient(table.clone(), table)
    said = message(check_gradient, None, table, name="the gradient of x")
    assert said.startswith("the gradient of x: no gradient arrived") and "detached" in said and "return" not in said
    assert "values are wrong" in message(check_gradient, table + 1, table)


def test_tensor_looks_at_properties_only(table):
    check_tensor(table, (2, 3), torch.float32)
    check_tensor(table, table.shape, torch.float32)
    assert "is there a return" in message(check_tensor, None, (2, 3), torch.float32)
    assert "the wrong shape" in message(check_tensor, table.T, (2, 3), torch.float32)
    assert "the wrong dtype" in message(check_tensor, table, (2, 3), torch.float64)
    said = message(check_tensor, table.to_sparse(), (2, 3), torch.float32, name="W")
    assert "a sparse tensor" in said and "expected a dense one" in said


def test_results_are_a_tuple_or_a_list():
    check_results((1, 2), tuple, 2)
    check_results([], list, 0)
    check_results(Pair(1, 2), tuple, 2)
    assert "expected  a tuple of 2" in message(check_results, [1, 2], tuple, 2)
    assert "is there a return" in message(check_results, None, list, 5)
    assert "the wrong number of entries" in message(check_results, (1,), tuple, 2)


def test_calling_names_the_call_that_raised():
    with calling("f(1)"):
        pass
    with pytest.raises(CheckError, match=r"f\(1\): an error\n.*\n.*ZeroDivisionError") as caught, calling("f(1)"):
        _ = 1 // 0
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(NotImplementedError), calling("f(1)"):
        raise NotImplementedError
    with pytest.raises(CheckError, match="the wrong value"), calling("f(1)"):
        check_equal(1, 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.T.contiguous(), "rows and columns were exchanged"),
        (lambda t: t.flip(0, 1), "flipped in both directions"),
        (lambda t: t.flip(1), "flipped left to right"),
        (lambda t: t.flip(0), "flipped top to bottom"),
        (lambda t: -t, "the wrong sign"),
        (lambda t: 2 * t, "doubled"),
        (lambda t: torch.zeros_like(t), "left at zero"),
        (lambda t: t + 7, "seven was added"),
    ],
)
@pytest.mark.parametrize("shape", [(3, 3), (2, 4)])
def test_close_recognises_mistakes(change, says, shape):
    expected = torch.arange(1.0, 1 + shape[0] * shape[1]).reshape(shape)
    said = message(check_close, change(expected), expected, mistakes={"seven was added": expected + 7})
    assert f"it looks as if {says}" in said or says in said


def test_close_recognises_nothing_in_a_symmetric_result():
    said = message(check_close, torch.full((3, 3), 2.0), torch.ones(3, 3))
    assert "flipped" not in said and "exchanged" not in said


def test_equal_is_strict_about_types():
    check_equal(3, 3)
    check_equal((7, 1), (7, 1))
    check_equal([True, "a"], [True, "a"])
    check_equal(Pair(7, 1), (7, 1))
    assert "result[1]" in message(check_equal, Pair(7, 2), (7, 1), name="result")
    assert "of type list" in message(check_equal, [7, 1], (7, 1))
    assert "1 of type int" in message(check_equal, True, 1)
    assert "55.0 of type float" in message(check_equal, 55.0, 55)
    assert "tensor" in message(check_equal, torch.tensor(3), 3)
    assert "result[1]" in message(check_equal, (7, 1.0), (7, 1), name="result")
    assert "number of entries" in message(check_equal, (7,), (7, 1))
    assert "expected  3" in message(check_equal, 4, 3)


def test_between_wants_a_float_in_bounds():
    check_between(0.5, 0.0, 1.0)
    check_between(0.5, 0.01, float("inf"))
    assert "a Python float" in message(check_between, 1, 0.0, 2.0)
    assert "a Python float" in message(check_between, torch.tensor(0.5), 0.0, 1.0)
    assert "at least 0.01" in message(check_between, 0.0, 0.01, float("inf"))
    assert "at most 2" in message(check_between, 3.0, -float("inf"), 2)
    assert "from 0 to 1" in message(check_between, float("nan"), 0.0, 1.0)
    assert "expected  about 3.1339\n" in message(check_between, 2.0, 3.1339 - 1e-9, 3.1339 + 1e-9)


def test_between_takes_a_float_of_numpy_but_none_that_compares_in_its_own_way():
    class Agreeable(float):
        def __ge__(self, _other):
            return True

        __le__ = __ge__

    check_between(np.float64(0.5), 0.0, 1.0)
    assert "expected  from 0 to 1\n  given     1.5" in message(check_between, np.float64(1.5), 0.0, 1.0)
    assert "a Python float" in message(check_between, np.float32(0.5), 0.0, 1.0)
    assert "a Python float" in message(check_between, Agreeable(5), 0.0, 1.0)


@pytest.mark.parametrize(
    ("given", "low", "high", "says"),
    [
        (1.06787, 1.0679 - 1e-5, 1.0679 + 1e-5, ("about 1.0679", "1.06787")),
        (-1.50641, -1.5064 - 1e-9, -1.5064 + 1e-9, ("about -1.5064", "-1.50641")),
        (1.0679, 1.06787 - 1e-5, 1.06787 + 1e-5, ("about 1.06787", "1.0679")),
        (0.10000001, 0.0, 0.1, ("from 0 to 0.1", "0.10000001")),
        (2.0000001, -float("inf"), 2.0, ("at most 2", "2.0000001")),
        (0.0099999999, 0.01, float("inf"), ("at least 0.01", "0.0099999999")),
        (np.nextafter(3.0, 4), 2.0, 3.0, ("from 2 to 3", "3.0000000000000004")),
    ],
)
def test_between_shows_numbers_that_look_different(given, low, high, says):
    lines = message(check_between, given, low, high).splitlines()
    assert lines[1:] == [f"  expected  {says[0]}", f"  given     {says[1]}"]


def test_close_shows_numbers_that_look_different():
    expected = torch.tensor([-1.50641234, 2.0], dtype=torch.float64)
    said = message(check_close, expected * torch.tensor([1 + 1e-5, 1], dtype=torch.float64), expected)
    assert "expected -1.50641, given -1.50643" in said
    assert "expected  [-1.50641, 2]\n" in said and "given     [-1.50643, 2]" in said
    close = message(
        check_close, torch.tensor([1 + 2**-52], dtype=torch.float64), torch.ones(1).double(), rtol=0, atol=0
    )
    assert "expected 1, given 1.0000000000000002" in close


def test_checks_recognise_float32():
    exact = torch.randn(4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert "it looks as if it was computed in float32" in message(check_close, exact.float().double(), exact)
    assert "float32" in message(check_close, exact[:1, 0].float().double(), exact[:1, 0])
    assert "float32" in message(check_gradient, exact.float().double(), exact)
    assert "float32" not in message(check_close, exact + 1e-4, exact)
    assert "float32" not in message(check_close, exact * (1 + 1e-12), exact, rtol=1e-14, atol=0)
    wrong = 1.0679123456 + 1e-7
    assert "computed in float32" in message(check_between, wrong, 1.0679123456 - 1e-9, 1.0679123456 + 1e-9)
    assert "float32" not in message(check_between, wrong + 1e-3, 1.0679123456 - 1e-9, 1.0679123456 + 1e-9)


def fail(error):
    raise error


def test_raises_wants_the_argument_as_a_whole_word():
    check_raises(ValueError, ["x"], lambda: fail(ValueError("x has 3 dimensions")))
    check_raises(ValueError, ["kernel", "image"], lambda: fail(ValueError("the image is too small")))
    check_raises(ValueError, ["size"], lambda: fail(ValueError("size=0")))
    for text in ("max is too large", "expected 2 values", ""):
        assert "names no argument" in message(check_raises, ValueError, ["x"], lambda t=text: fail(ValueError(t)))
    assert "names no argument" in message(check_raises, ValueError, ["size"], lambda: fail(ValueError("kernel_size")))


def test_raises_shows_what_came_instead():
    assert "given     3 of type int" in message(check_raises, ValueError, ["x"], lambda: 3)
    with pytest.raises(CheckError) as caught:
        check_raises(ValueError, ["stride"], lambda: 1 // 0, name="stride=0")
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert lines[:2] == ["stride=0: another error", "expected  ValueError with stride in its message"]
    assert lines[2].startswith("given     ZeroDivisionError: ") and len(lines) == 3
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    unsupported = message(check_raises, ValueError, ["x"], lambda: fail(NotImplementedError("only 4-D")))
    assert "NotImplementedError: only 4-D" in unsupported
    with pytest.raises(NotImplementedError):
        check_raises(ValueError, ["x"], lambda: fail(NotImplementedError()))


def test_unchanged_notices_every_change_in_place(table):
    with check_unchanged(x=table, layers=[1, 2]):
        _ = table * 2
    layers = [1, 2]
    for change in (table.zero_, lambda: table.resize_(1, 6), lambda: table.unsqueeze_(0)):
        with pytest.raises(CheckError, match="the argument x was changed in place"), check_unchanged(x=table):
            change()
    with pytest.raises(CheckError, match="layers"), check_unchanged(layers=layers):
        layers.pop()


def test_unchanged_notices_another_dtype_and_a_gradient_that_is_asked_for(table):
    leaf = table.clone().requires_grad_()
    with check_unchanged(x=leaf):
        (leaf * 2).sum().backward()
    with pytest.raises(CheckError, match=r"expected  shape \(2, 3\) and torch.float32"), check_unchanged(x=table):
        table.data = table.data.double()
    for tensor, change in ((table, table.requires_grad_), (leaf, leaf.detach_)):
        with pytest.raises(CheckError, match=r"expected  requires_grad (True|False)"), check_unchanged(x=tensor):
            change()


def test_generator_repeats_the_class_seed(monkeypatch):
    monkeypatch.setenv("CVCOURSE_SEED", "secret")
    first, again, other = (torch.rand(4, generator=generator(name)) for name in ("a", "a", "b"))
    assert torch.equal(first, again) and not torch.equal(first, other)
    monkeypatch.setenv("CVCOURSE_SEED", "another")
    assert not torch.equal(first, torch.rand(4, generator=generator("a")))
    monkeypatch.delenv("CVCOURSE_SEED")
    assert not torch.equal(torch.rand(4, generator=generator("a")), torch.rand(4, generator=generator("a")))


def test_random_and_strided_tensors():
    rng = generator("tensors")
    for dtype in (torch.float32, torch.float64, torch.int64):
        tensor = random_tensor(rng, 3, 4, dtype=dtype)
        assert tensor.dtype == dtype and tensor.shape == (3, 4)
        loose = strided(tensor)
        assert torch.equal(loose, tensor) and not loose.is_contiguous() and not loose.t().is_contiguous()


def test_trying_keeps_outcomes_and_names_the_unanswered(no_outcomes, capsys):
    with trying("1 size", "examples"):
        pass
    with pytest.raises(CheckError), trying("2 correlate", "examples"):
        check_equal(1, 2)
    with trying("2 correlate", "random"):
        pass
    with pytest.raises(CheckError, match="Exercise 3 pad is not answered yet"), trying("3 pad", "examples"):
        raise NotImplementedError
    with pytest.raises(NotImplementedError, match="only 4-D"), trying("5 pool", "examples"):
        raise NotImplementedError("only 4-D")
    progress(["1 size", "2 correlate", "3 pad", "4 layer", "5 pool"])
    lines = [line.split(maxsplit=2)[2] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["passed", "failed: examples", "not attempted", "not attempted", "failed: examples"]


def test_a_later_success_replaces_a_failure(no_outcomes, capsys):
    with pytest.raises(ZeroDivisionError), trying("1 size", "examples"):
        _ = 1 // 0
    with trying("1 size", "examples"):
        pass
    progress(["1 size"])
    assert capsys.readouterr().out == "1 size  passed\n"


def test_unanswered_lists_what_raises():
    assert unanswered({"a": lambda: 1, "b": lambda: fail(NotImplementedError()), "c": lambda: 1 // 0}) == ["b", "c"]
