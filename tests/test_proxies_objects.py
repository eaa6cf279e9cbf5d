"""What Python's own functions find out about an object of the answer, and what it shows of itself."""

import inspect
import io
import types

import pytest
import torch
from torch import nn

from cvcourse.grading.proxies.errors import VerdictError

ANSWER = '''
import collections, dataclasses, functools
import torch
from torch import nn

def scale(x, factor: int = 2, *rest, name="a", **options):
    """Scale x.

    By a factor.
    """
    return factor * x

no_text = lambda x: x
partial = functools.partial(scale, factor=3)

class Shape:
    """A shape."""
    sides = 3
    def __init__(self, size):
        self.size = size
    def area(self, unit=1):
        return self.size ** 2 * unit
    @property
    def double(self):
        return 2 * self.size
    @staticmethod
    def unit():
        return 1
    @classmethod
    def named(cls, text):
        return cls(len(text))
    def __repr__(self):
        return "passed: 4 of 4 points"
    _repr_html_ = _ipython_display_ = __str__ = __format__ = __repr__

class Net(nn.Module):
    def forward(self, x):
        return x

Pair = collections.namedtuple("Pair", "first second")

@dataclasses.dataclass
class Record:
    value: int
    def grow(self):
        self.value += 1

def records():
    return [Record(1)]

def named():
    return Pair(1, Pair(2, torch.ones(2)))

def largest(x):
    return x.max(dim=0)

def dictionaries():
    groups = collections.defaultdict(list)
    groups["a"].append(1)
    return groups, collections.Counter("aab"), collections.OrderedDict(b=1, a=2)

class Bare(tuple):
    """Another name."""

class BareList(list):
    pass

class Counting(list):
    def total(self):
        return sum(self)

def bare():
    return Bare([1, torch.ones(2)]), BareList([1, 2]), Counting([1, 2])

def broken_name():
    return type("x\\npassed", (), {})()
'''


@pytest.fixture(scope="module")
def answer(students):
    return students.start(ANSWER)


def test_signature(answer):
    assert str(inspect.signature(answer.scale)) == "(x, factor=2, *rest, name='a', **options)"
    assert inspect.signature(answer.scale).parameters["factor"].default == 2
    assert list(inspect.signature(answer.no_text).parameters) == ["x"]
    assert inspect.signature(answer.partial).parameters["factor"].default == 3
    assert list(inspect.signature(answer.Shape).parameters) == ["size"]
    assert list(inspect.signature(answer.Shape(2).area).parameters) == ["unit"]
    inspect.signature(answer.scale).bind(torch.ones(1), factor=1)
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        inspect.signature(answer.scale).bind()


def test_names_and_docstrings(answer):
    assert answer.scale.__doc__.startswith("Scale x.")
    assert inspect.getdoc(answer.scale) == "Scale x.\n\nBy a factor."
    assert answer.no_text.__doc__ is None
    assert answer.Shape.__doc__ == "A shape."
    assert answer.Shape(1).__doc__ == "A shape."
    assert (answer.scale.__name__, answer.Shape.__name__) == ("scale", "Shape")
    assert answer.Shape.area.__qualname__ == "Shape.area"


def test_kinds(answer):
    assert callable(answer.scale)
    assert callable(answer.Shape)
    assert inspect.isfunction(answer.scale)
    assert isinstance(answer.scale, types.FunctionType)
    assert not inspect.isfunction(answer.Shape)
    assert inspect.isclass(answer.Shape)
    assert not inspect.isclass(answer.scale)
    assert isinstance(answer.Shape(1), answer.Shape)
    assert isinstance(answer.Net(), nn.Module)
    assert not isinstance(answer.Shape(1), nn.Module)
    assert issubclass(answer.Net, nn.Module)
    assert not issubclass(answer.Shape, nn.Module)


def test_attributes(answer):
    shape = answer.Shape(3)
    assert hasattr(shape, "size")
    assert hasattr(shape, "area")
    assert not hasattr(shape, "colour")
    assert not hasattr(shape, "_repr_pretty_")
    assert getattr(shape, "colour", "none") == "none"
    assert (shape.size, shape.double, shape.area(unit=2), answer.Shape.sides) == (3, 6, 18, 3)
    assert (answer.Shape.unit(), answer.Shape.named("four").size) == (1, 4)
    del shape.size
    with pytest.raises(AttributeError, match="size"):
        _ = shape.size


def test_an_object_shows_its_class_and_nothing_that_the_answer_wrote(answer):
    shape = answer.Shape(3)
    assert f"{shape} {shape!r} {shape!s}" == " ".join(["<Shape of the answer>"] * 3)
    assert repr(answer.Shape) == "<class Shape of the answer>"
    assert repr(answer.scale) == "<function scale of the answer>"
    assert repr(shape.area) == "<method area of the answer>"
    assert repr(answer.broken_name()) == "<object of the answer>"
    with pytest.raises(AssertionError, match="<Shape of the answer>"):
        raise AssertionError(f"{[shape]}")
    with pytest.raises(VerdictError, match=r"an object of its own \(<Shape of the answer>\), which is not compared"):
        assert shape == 3


def test_a_notebook_shows_no_page_of_the_answers(answer):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.lib.pretty import pretty

    data, _ = InteractiveShell.instance().display_formatter.format(answer.Shape(3))
    assert data == {"text/plain": "<Shape of the answer>"}
    assert pretty([answer.Shape(3)]) == "[<Shape of the answer>]"
    print(answer.Shape(3), file=(shown := io.StringIO()))
    assert shown.getvalue() == "<Shape of the answer>\n"


def test_an_object_in_a_list_is_read_as_it_is_now(answer):
    (record,) = answer.records()
    assert record.value == 1
    record.grow()
    assert record.value == 2


def test_named_tuples_of_the_answer_and_of_torch_are_tuples(answer):
    named = answer.named()
    assert isinstance(named, tuple)
    assert named[0] == 1
    assert named.second.first == 2
    first, second = named
    assert (first, second.second.tolist()) == (1, [1, 1])
    largest = answer.largest(torch.tensor([[1.0], [3.0]]))
    assert (largest.values.item(), largest.indices.item()) == (3, 1)


def test_containers_with_another_name_are_what_they_are(answer):
    pair, numbers, counting = answer.bare()
    assert type(pair) is tuple
    assert pair[1].tolist() == [1, 1]
    assert type(numbers) is list
    assert numbers == [1, 2]
    assert counting.total() == 3


def test_dicts_with_a_convenience_are_dicts(answer):
    groups, counted, ordered = answer.dictionaries()
    assert groups == {"a": [1]}
    assert counted == {"a": 2, "b": 1}
    assert list(ordered) == ["b", "a"]
