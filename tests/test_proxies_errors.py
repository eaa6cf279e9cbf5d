"""Errors of an answer in the tester's process: what a test may expect of them, and what no test must take for one."""

import traceback

import numpy as np
import pytest
import torch

from cvcourse.checks import CheckError, check_close, check_equal, check_raises
from cvcourse.grading.proxies.errors import AnswerError, CannotCrossError, PeerGoneError, VerdictError, WireError
from cvcourse.grading.proxies.names import StudentNames

ANSWER = """
import unittest
import weakref
import numpy as np
import torch
from cvcourse.errors import CourseError

def stub(x):
    raise NotImplementedError

def unfinished(x):
    raise NotImplementedError("torch has no such thing")

def misspelt(x):
    return imagee + x

def bad_size(size):
    raise ValueError(f"size must be positive,\\nnot {size} (of 4 [sic])")

class SizeError(ValueError, KeyError):
    def __str__(self):
        return "size: too small"

class Unknown(Exception):
    pass

def misspell(file):
    raise SyntaxError("boom", (file, 1, 1, None))

class Held:
    kept = []

def hold():
    thing = Held()
    Held.kept.append(weakref.ref(thing))
    raise ValueError("too many")

def is_held():
    return Held.kept[-1]() is not None

class OfTheCourse(CourseError):
    pass

def fail(number):
    errors = [SizeError(1), Unknown("u"), OfTheCourse("c"), OSError(2, "no file"), ExceptionGroup("g", [ValueError()]),
              AssertionError("mine"), RecursionError("deep")]
    raise errors[number]

def give(x):
    return x

def recurse(x):
    return recurse(x)

def empty_error():
    raise KeyError

def sparse():
    return [1, {"a": (torch.zeros(2, 2).to_sparse_csr(), 2)}]

def objects():
    return np.array([object()])

table = [torch.zeros(2, 2).to_sparse_csr()]

def deep():
    values = []
    for _ in range(500):
        values = [values]
    return values

class Likeness(torch.Tensor):
    pass

def likeness(x):
    return x.as_subclass(Likeness)

class Model:
    @property
    def weight(self):
        return torch.zeros(2, 2).to_sparse_csr()
"""


NAMES = ["stub", "unfinished", "misspelt", "bad_size", "SizeError", "fail", "recurse", "empty_error", "give", "sparse"]
NAMES += ["objects", "deep", "likeness", "Model", "misspell", "hold", "is_held"]


@pytest.fixture(scope="module")
def answer(students):
    return students.start(ANSWER, wanted=NAMES)


def test_a_stub_is_known_as_one(answer):
    with pytest.raises(NotImplementedError) as caught:
        answer.stub(1)
    assert type(caught.value) is NotImplementedError
    assert str(caught.value) == ""
    # The checks tell it from torch's own errors of that class, which have a text.
    with pytest.raises(NotImplementedError):
        check_raises(ValueError, ["x"], lambda: answer.stub(1))
    with pytest.raises(CheckError, match="another error"):
        check_raises(ValueError, ["x"], lambda: answer.unfinished(1))


def test_a_missing_name_is_a_name_error_here_and_there(answer):
    StudentNames(answer.tester).fill(["halve"])
    with pytest.raises(NameError, match="name 'halve' is not defined") as caught:
        exec("halve(1)", answer.tester.namespace)
    assert type(caught.value) is NameError
    with pytest.raises(NameError, match="name 'imagee' is not defined") as caught:
        answer.misspelt(1)
    assert type(caught.value) is NameError


def test_texts_are_kept_for_match(answer):
    with pytest.raises(ValueError, match=r"size must be positive,\nnot -1 \(of 4 \[sic\]\)$"):
        answer.bad_size(-1)
    check_raises(ValueError, ["size"], lambda: answer.bad_size(-1))
    with pytest.raises(KeyError):
        answer.empty_error()


def test_a_syntax_error_shows_no_line_of_a_file(answer):
    with pytest.raises(SyntaxError, match="boom") as caught:
        answer.misspell(__file__)
    assert caught.value.filename is None
    assert not any("Errors of an answer" in line for line in traceback.format_exception(caught.value))


def test_what_a_failed_call_worked_on_is_let_go(answer):
    with pytest.raises(ValueError, match="too many"):
        answer.hold()
    assert not answer.is_held()


def test_classes_are_their_known_bases(answer):
    with pytest.raises(ValueError, match=r"^size: too small$") as caught:
        answer.fail(0)
    assert isinstance(caught.value, KeyError)
    assert type(caught.value).__name__ == "SizeError"
    with pytest.raises(AnswerError, match=r"^Unknown: u$"):
        answer.fail(1)
    with pytest.raises(Exception, match=r"^c$") as caught:
        answer.fail(2)
    assert [base.__name__ for base in type(caught.value).mro()[1:3]] == ["CourseError", "Exception"]
    with pytest.raises(FileNotFoundError, match="no file"):
        answer.fail(3)
    with pytest.raises(AssertionError, match="mine"):
        answer.fail(5)
    with pytest.raises(RecursionError):
        answer.recurse(1)
    with pytest.raises(Exception, match="g"):
        answer.fail(4)
    assert answer.bad_size._proxy_shown == "bad_size"  # the connection still serves


def test_an_error_of_a_class_of_its_own_is_no_runtime_error():
    for kind in (AnswerError, WireError, CannotCrossError, PeerGoneError, VerdictError):
        assert not issubclass(kind, ValueError | TypeError | RuntimeError | LookupError | OSError | ArithmeticError)


def test_what_cannot_cross_names_the_value_the_function_and_the_reason(answer):
    reason = r"a tensor of torch\.float32 with layout torch\.sparse_csr"
    with pytest.raises(
        CannotCrossError, match=rf"^the result of sparse\(\) cannot be graded, its part \[1\]\['a'\]\[0\]: {reason}"
    ):
        answer.sparse()
    with pytest.raises(CannotCrossError, match=r"^the result of objects\(\) cannot be graded: a numpy array of object"):
        answer.objects()
    with pytest.raises(CannotCrossError, match=rf"^the value of table cannot be graded, its part \[0\]: {reason}"):
        StudentNames(answer.tester).fill(["table"])
    with pytest.raises(CannotCrossError, match=r"nested too deeply"):
        answer.deep()
    with pytest.raises(CannotCrossError, match=rf"^the result of Model\.weight cannot be graded: {reason}"):
        _ = answer.Model().weight
    objects = np.array([object()])
    with pytest.raises(CannotCrossError, match=r"^the test cannot hand its arguments to stub\(\): a numpy array of ob"):
        answer.stub(objects)
    with pytest.raises(CannotCrossError, match=r"^the result of objects\(\)") as caught:
        answer.objects()
    assert "\n" not in str(caught.value)
    assert type(caught.value) is CannotCrossError


@pytest.mark.parametrize("transform", [torch.func.grad, torch.vmap, torch.func.jacrev])
def test_a_transform_over_an_answer_says_what_to_use(answer, transform):
    with pytest.raises(CannotCrossError, match=r"hand its arguments to give\(\): .* use torch\.autograd\.grad"):
        transform(answer.give)(torch.ones(2))
    assert answer.give(1) == 1


def test_a_value_that_poses_as_a_tensor_says_what_it_is(answer):
    with pytest.raises(CheckError) as caught:
        check_close(answer.likeness(torch.ones(2)), torch.ones(2))
    assert "Likeness of the answer" in str(caught.value)
    with pytest.raises(CheckError, match="Likeness of the answer"):
        check_equal(answer.likeness(torch.ones(2)), 3)
