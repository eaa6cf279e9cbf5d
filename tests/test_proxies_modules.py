"""Gradients through both processes, and modules: the answer's in a test, a test's in the answer."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.proxy_answer import ANSWER, GIVEN


@pytest.fixture(scope="module")
def answer(students):
    return students.start(ANSWER, given=GIVEN)


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


def test_a_module_of_the_test_is_a_real_one_there(answer):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.BatchNorm2d(2), nn.ReLU()))
    assert answer.what_is(model) == [f"{type(part).__module__}.{type(part).__name__}" for part in model.modules()]


def test_hooks_on_parameters_are_counted(answer):
    model, seen = nn.Sequential(nn.Linear(2, 2)), []
    model[0].weight.register_hook(seen.append)
    answer.evaluate(model, torch.ones(1, 2))
    assert len(model[0].weight._backward_hooks) == 1
    answer.hook_parameter(model)
    assert len(model[0].weight._backward_hooks) == 2
    answer.evaluate(model, torch.ones(1, 2)).sum().backward()
    assert len(seen) == 1
