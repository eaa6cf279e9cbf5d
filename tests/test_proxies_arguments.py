"""What a call did to its arguments shows afterwards in the caller's own objects, whatever they are."""

import collections
import dataclasses

import numpy as np
import pytest
import torch

from cvcourse.grading.proxies.errors import VerdictError

GIVEN = """
import collections, dataclasses, torch
@dataclasses.dataclass
class Point:
    x: int
    y: torch.Tensor
    path: list = dataclasses.field(default_factory=list)
@dataclasses.dataclass(frozen=True)
class Fixed:
    size: int
Corner = collections.namedtuple("Corner", "row column")
"""
ANSWER = """
import numpy as np
import torch

def move(point):
    point.x += 1
    point.y.add_(1)
    point.path.append([point.x])

def replace(point):
    point.y = torch.full((3,), 7.0)
    point.path = {"new": point.path}

def move_and_raise(point):
    point.x = -1
    raise ValueError("x: moved and left")

def force(fixed):
    object.__setattr__(fixed, "size", 5)

def look(point):
    return point.x + len(point.path)

def change_nested(table):
    table["rows"][0]["marks"].add(3)
    table["rows"].append((1, [2]))
    table["rows"][1][1].append("deep")
    del table["old"]

def reorder(ordered):
    ordered.move_to_end("first")

def fill(values, value):
    values[1:3] = value

def clear(values):
    values.clear()

def grow(array):
    array.resize((4,), refcheck=False)

def need(tensor):
    tensor.requires_grad_(True)

def set_gradient(tensor):
    tensor.grad = torch.full_like(tensor, 3)

def write_in_no_grad(tensor):
    with torch.no_grad():
        tensor.mul_(2)

def write_all(*tensors):
    for tensor in tensors:
        tensor += 1

def draw(state, count):
    return torch.rand(count, generator=state["generator"])

def set_state(generator, state):
    generator.set_state(state)

def turn(corner):
    return type(corner)(corner.column, corner.row)
"""


@pytest.fixture(scope="module")
def answer(students):
    return students.start(ANSWER, given=GIVEN)


@pytest.fixture
def given(answer):
    """The names of the given cell, as the test has them."""
    return answer.tester.namespace


def test_dataclass(answer, given):
    point = given["Point"](1, torch.zeros(2))
    tensor, path = point.y, point.path
    answer.move(point)
    assert (point.x, point.path) == (2, [[2]])
    assert tensor.tolist() == [1, 1]
    assert point.y is tensor
    assert point.path is path
    answer.replace(point)
    assert point.y.tolist() == [7, 7, 7]
    assert point.path == {"new": [[2]]}
    assert point.path["new"] is path
    with pytest.raises(ValueError, match="moved and left"):
        answer.move_and_raise(point)
    assert point.x == -1


def test_frozen_dataclass_and_one_in_a_list(answer, given):
    fixed, point = given["Fixed"](3), given["Point"](1, torch.zeros(1))
    answer.force(fixed)
    assert fixed == given["Fixed"](5)
    inner = {"points": [point]}
    assert answer.tester.ask("call", answer.look, (point,), {}) == 1
    answer.change_nested({"rows": [{"marks": set()}, (0, [])], "old": inner})
    assert point.x == 1


def test_dataclass_that_only_the_test_knows(answer):
    @dataclasses.dataclass
    class Own:
        x: int
        y: torch.Tensor
        path: list

    own = Own(4, torch.zeros(1), [])
    assert answer.look(own) == 4
    answer.move(own)
    assert (own.x, own.path) == (5, [[5]])
    assert own.y.tolist() == [1]


def test_nested_containers(answer):
    first, pair = {"marks": {1}}, (0, [])
    table = {"rows": [first, pair], "old": 1}
    rows = table["rows"]
    answer.change_nested(table)
    assert table == {"rows": [{"marks": {1, 3}}, (0, ["deep"]), (1, [2])]}
    assert table["rows"] is rows
    assert rows[0] is first
    assert rows[1][1] is pair[1]


def test_ordered_dict_keeps_its_new_order(answer):
    ordered = collections.OrderedDict(first=1, second=2)
    answer.reorder(ordered)
    assert list(ordered) == ["second", "first"]
    answer.clear(ordered)
    assert not ordered


def test_numpy_arrays_and_views_of_them(answer):
    base = np.arange(12, dtype=np.int16).reshape(3, 4)
    answer.fill(base[:, 1], 90)
    assert base[:, 1].tolist() == [1, 90, 90]
    assert base[:, 0].tolist() == [0, 4, 8]
    assert base.dtype == np.int16
    answer.fill(base[::-1], 0)
    assert base.any(axis=1).tolist() == [False, False, True]
    array = np.ones(2)
    answer.grow(array)
    assert array.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(
    "part",
    [
        lambda base: base[2],
        lambda base: base[:, 1],
        lambda base: base.T,
        lambda base: base[1:, ::2].flatten()[:4],
        lambda base: base.reshape(2, 10)[:, 3:],
    ],
    ids=["row", "column", "transposed", "copy", "slice"],
)
def test_a_part_of_a_tensor_changes_as_it_would_here(answer, part):
    here, there = torch.arange(20.0).reshape(4, 5), torch.arange(20.0).reshape(4, 5)
    part(here)[1:3] = -1
    answer.fill(part(there), -1)
    assert torch.equal(there, here)


def test_requires_grad_and_gradient_come_back(answer):
    tensor = torch.ones(2)
    answer.need(tensor)
    assert tensor.requires_grad
    answer.set_gradient(tensor)
    assert tensor.grad.tolist() == [3, 3]
    answer.write_in_no_grad(tensor)
    assert tensor.tolist() == [2, 2]
    assert tensor.is_leaf


def test_several_arguments_and_one_twice(answer):
    first, second = torch.zeros(2), torch.zeros(2, dtype=torch.int64)
    answer.write_all(first, second, first)
    assert first.tolist() == [2, 2]
    assert second.tolist() == [1, 1]


def test_generator_in_a_dict(answer):
    mine, same = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    assert torch.equal(answer.draw({"generator": mine}, 5), torch.rand(5, generator=same))
    assert torch.equal(torch.rand(4, generator=mine), torch.rand(4, generator=same))


STATES = {
    "zeros": lambda state: torch.zeros_like(state),
    "words of zero": lambda state: torch.cat([state[:24], torch.zeros_like(state[24:-64]), state[-64:]]),
    "an earlier one": lambda state: torch.Generator().manual_seed(3).get_state(),
}


@pytest.mark.parametrize("kind", STATES)
def test_a_chosen_state_of_a_generator_is_refused(answer, kind):
    mine, same = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    torch.rand(700, generator=mine), torch.rand(700, generator=same)
    with pytest.raises((VerdictError, RuntimeError)):
        answer.set_state(mine, STATES[kind](mine.get_state()))
    assert torch.equal(torch.rand(9, generator=mine), torch.rand(9, generator=same))


def test_named_tuples_are_tuples(answer, given):
    back = answer.turn(given["Corner"](1, 2))
    assert back == (2, 1)
    assert type(back) is given["Corner"]
    assert back.row == 2
