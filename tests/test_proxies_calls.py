"""Tests that run in another process than the answer: calls, errors, mutations, gradients, modules, guards."""

import copy
import dataclasses
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cvcourse.checks import CheckError, check_unchanged
from cvcourse.errors import CourseError
from cvcourse.grading.proxies.errors import AnswerError, LengthError, VerdictError
from cvcourse.guard import CONVOLUTIONS, RefusedError, TooManyOperatorsError, count_operators, forbid

ANSWER = """
import copy, random
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

number, words = 7, {"a": [1, 2]}

def add(a, b=1):
    return a + b

def pair(x):
    return {"twice": 2 * x, "thrice": [3 * x]}

def square_error(x, y):
    return ((x - y) ** 2).sum()

def cube(x):
    return x ** 3

def give(x):
    return x

def change(values, tensor, array, table, marks):
    values.append(4)
    tensor.add_(1)
    array[0] = 9
    table["new"] = True
    marks.discard(1)

def write_data(tensor):
    tensor.data[0] = 9

def turn(tensor):
    tensor.unsqueeze_(0)

def change_and_raise(tensor):
    tensor.zero_()
    raise ValueError("tensor: no")

def write_to_result(tensor):
    tensor.mul_(2)
    return tensor.sum()

def backward(x):
    (x ** 2).sum().backward()

class OwnError(KeyError, ArithmeticError):
    def __init__(self, what, code):
        super().__init__(what, code)
    def __str__(self):
        return "own text"

class Odd(BaseException):
    pass

def fail(kind):
    if kind == "own":
        raise OwnError("x", 3)
    raise {"stop": StopIteration, "exit": SystemExit, "odd": Odd, "key": KeyError, "unicode": Odd}[kind]("x")

def refuse_unicode():
    b"\\xff".decode()

def modes():
    return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype()

def draw():
    return torch.rand(3), np.random.rand(), random.random()

def draw_from(generator, count=3):
    return torch.rand(count, generator=generator)

def normal_from(generator):
    return torch.randn(3, generator=generator)

def reseed(generator):
    generator.manual_seed(1)

def convolve(x, w):
    try:
        return F.conv2d(x, w)
    except Exception:
        return torch.zeros(1)

def operators(count):
    x = torch.zeros(1)
    for _ in range(count):
        x = x + 1
    return x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
        self.last = nn.Linear(4, 2)
    def forward(self, x):
        return self.last(self.first(x))

def train(model, x, y, steps):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    losses = []
    for _ in range(steps):
        loss = ((model(x) - y) ** 2).mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses

def disturb(model):
    model.eval()
    model[0].weight.requires_grad_(False)
    model[0].bias.grad = torch.ones_like(model[0].bias)
    model.register_forward_hook(lambda *_: None)
    model[1].running_mean.fill_(3)

def evaluate(model, x):
    return model(x)

def apply(function, x):
    return function(x)

def slope(function, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x).sum(), x)[0]

def copied(model, x):
    return copy.deepcopy(model)(x)

def total(numbers):
    return sum(numbers)

def catch(function):
    try:
        function()
    except ValueError as error:
        return f"caught {error}"

class Count:
    def __init__(self, limit):
        self.limit = limit
    def __iter__(self):
        return iter(range(self.limit))
    def __getitem__(self, index):
        return index * 10
    def __add__(self, other):
        return Count(self.limit + other.limit)

def boundless():
    n = 0
    while True:
        yield n
        n += 1

class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __bool__(self): return True
    def __len__(self): return 3
    def __contains__(self, other): return True
    def __float__(self): return 1.0
    def __sub__(self, other): return 0.0
    def __index__(self): return 1

def liar():
    return Liar()

def points(point):
    return type(point)(point.x + 1, point.y * 2)
"""
GIVEN = """
import dataclasses, torch
@dataclasses.dataclass
class Point:
    x: int
    y: torch.Tensor
"""


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


def test_gradients_of_the_answers_function(answer):
    x, y = (torch.randn(4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    (3 * answer.square_error(2 * x, y)).backward()
    assert torch.allclose(x.grad, 12 * (2 * x - y))
    assert torch.allclose(y.grad, -6 * (2 * x - y))
    assert torch.autograd.gradcheck(answer.square_error, (x, y))
    assert torch.autograd.gradgradcheck(answer.cube, (x,))
    third = x.detach().requires_grad_()
    value = answer.cube(third).sum()
    for _ in range(3):
        (value,) = torch.autograd.grad(value.sum(), third, create_graph=True)
    assert torch.allclose(value, torch.full_like(value, 6))
    assert not answer.cube(x.detach()).requires_grad
    with torch.no_grad():
        assert not answer.cube(x).requires_grad


def test_gradients_in_a_structure_and_through_a_mutated_intermediate(answer):
    x = torch.tensor([2.0], requires_grad=True)
    result = answer.pair(x)
    (result["twice"] * result["thrice"][0]).sum().backward()
    assert x.grad.item() == 24.0
    assert answer.write_to_result(x * 1).item() == 4.0


def test_gradient_that_the_answer_computes_itself(answer):
    x = torch.tensor([3.0], requires_grad=True)
    answer.backward(x)
    answer.backward(x)
    assert x.grad.item() == 12.0


def test_a_training_loop_of_the_test_on_the_answers_model(answer):
    torch.manual_seed(0)
    model, x, y = answer.Net(), torch.randn(16, 3), torch.randn(16, 2)
    twin = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    for mine, theirs in zip(twin.parameters(), model.parameters(), strict=True):
        mine.data.copy_(theirs.detach())
    optimizers = [torch.optim.Adam(one.parameters(), 0.05) for one in (model, twin)]
    for _ in range(5):
        losses = [F.mse_loss(one(x), y) for one in (model, twin)]
        assert torch.allclose(*losses)
        for optimizer, loss in zip(optimizers, losses, strict=True):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert torch.allclose(model.last.weight.grad, twin[2].weight.grad)
    assert torch.allclose(model.state_dict()["last.weight"], twin[2].weight)


def test_a_module_of_the_answer(answer):
    model = answer.Net()
    assert isinstance(model, nn.Module)
    assert isinstance(model.first[0], nn.Linear)
    assert not isinstance(model.first[1], nn.Linear)
    assert next(name for name, _ in model.named_parameters()) == "first.0.weight"
    assert [module._get_name() for module in model.children()] == ["Sequential", "Linear"]
    seen = []
    hook = model.last.register_forward_hook(lambda _module, given, output: seen.append((given[0], output)))
    x = torch.rand(2, 3)
    assert torch.equal(model(x), seen[0][1])
    hook.remove()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.last.bias.add_(1)
    assert torch.allclose(twin(x), model(x) + 1)
    assert len(seen) == 1
    model.load_state_dict({name: torch.zeros_like(value) for name, value in model.state_dict().items()})
    assert not model.last.bias.any()
    assert model.eval().training is False


def test_a_module_of_the_test_is_trained_there(answer):
    torch.manual_seed(3)
    mine = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    twin, x, y = copy.deepcopy(mine), torch.randn(8, 3), torch.randn(8, 2)
    losses = answer.train(mine, x, y, 4)
    namespace: dict = {}
    exec(ANSWER, namespace)
    assert losses == pytest.approx(namespace["train"](twin, x, y, 4))
    for name, value in mine.state_dict().items():
        assert torch.allclose(value.float(), twin.state_dict()[name].float()), name
    for one, other in zip(mine.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad)
    answer.evaluate(mine, x).sum().backward()
    twin(x).sum().backward()
    assert torch.allclose(mine[3].weight.grad, twin[3].weight.grad)


def test_what_a_call_does_to_a_module_shows(answer):
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    calls = []
    model[0].register_forward_hook(lambda _module, _given, output: calls.append(tuple(output.shape)))
    answer.disturb(model)
    assert [module.training for module in model.modules()] == [False] * 3
    assert model[0].weight.requires_grad is False
    assert model[0].bias.grad.tolist() == [1, 1]
    assert [len(module._forward_hooks) for module in model.modules()] == [1, 1, 0]
    assert model[1].running_mean.tolist() == [3, 3]
    answer.evaluate(model, torch.rand(5, 2))
    assert calls == [(5, 2)]


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


def test_refusal_and_count(answer):
    x, w = torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 2, 2)
    answer.convolve(x, w)
    with pytest.raises(RefusedError, match="conv2d") as caught, forbid(CONVOLUTIONS):
        answer.convolve(x, w)
    assert isinstance(caught.value, CourseError)
    with count_operators() as alone:
        value = torch.zeros(1)
        for _ in range(30):
            value = value + 1
    with count_operators(1000) as counter:
        answer.operators(30)
    assert counter.count == alone.count
    with pytest.raises(TooManyOperatorsError), count_operators(20):
        answer.operators(1000)


def test_what_cannot_cross_says_so(answer):
    with pytest.raises(Exception, match="too large"):
        answer.give(torch.zeros(1).expand(1 << 40))
    with pytest.raises(Exception, match="too large"):
        answer.apply(lambda _: torch.zeros(1).expand(1 << 40), 1)
    assert answer.add(1) == 2
