"""An answer with something of everything, for the tests of the proxies."""

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

def hook_parameter(model):
    model[0].weight.register_hook(lambda gradient: None)

def what_is(model):
    return [type(part).__module__ + "." + type(part).__name__ for part in model.modules()]

def views(tensor):
    return tensor, tensor[0], tensor

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
