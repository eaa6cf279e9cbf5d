"""The wire between tester and answer: what crosses comes out as it went in, and rubbish ends as `WireError`."""

import json
import math
import random
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from cvcourse.grading.proxies import frames
from cvcourse.grading.proxies.decode import Decoder
from cvcourse.grading.proxies.encode import Encoder
from cvcourse.grading.proxies.errors import PeerGoneError, WireError


def refuse(*_):
    raise WireError("no references here")


def cross(value):
    """There and back: (value, its encoder)."""
    encoder = Encoder(refuse)
    tree = json.loads(json.dumps(encoder.encode(value), allow_nan=False))
    return Decoder([bytearray(blob) for blob in encoder.blobs], refuse).decode(tree)


PLAIN = [
    None,
    True,
    0,
    -(2**63),
    2**64,
    -(2**1000),
    1.0,
    -0.0,
    0.1,
    math.inf,
    -math.inf,
    "",
    "ä\ud800",
    b"\x00\xff",
    1 - 2j,
    [],
    [1, [2.0, ("3",)]],
    (),
    {"a": 1, (2, 3): [4], None: {}},
    {1, 2},
    frozenset({3}),
    slice(1, None, -1),
    range(3, 9, 2),
    ...,
    torch.float32,
    torch.bfloat16,
    torch.device("cpu"),
    torch.Size([2, 3]),
    torch.channels_last,
    np.dtype("int16"),
    int,
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values(value):
    back = cross(value)
    assert type(back) is type(value)
    assert back == value
    assert str(back) == str(value)


def test_nan_and_numpy_numbers():
    assert math.isnan(cross(math.nan))
    back = cross(np.float32(0.1))
    assert type(back) is np.float32
    assert back == np.float32(0.1)


X = torch.arange(60.0).reshape(3, 4, 5)
TENSORS = {
    "contiguous": X,
    "transposed": X.transpose(0, 2),
    "offset": X[1:],
    "sliced": X[:, 1::2, ::2],
    "expanded": X[:1].expand(7, 4, 5),
    "overlapping": X.unfold(2, 3, 1),
    "scalar": torch.tensor(3),
    "empty": torch.zeros(0, 3),
    "bool": X > 7,
    "bfloat16": X.bfloat16(),
    "complex": torch.complex(X, -X),
    "conjugated": torch.complex(X, -X).conj(),
    "int64": torch.tensor([2**62 + 1, -1]),
    "uint8": torch.tensor([255], dtype=torch.uint8),
    "channels last": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "not a number": torch.tensor([math.nan, math.inf]),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_keep_values_and_layout(name):
    tensor = TENSORS[name]
    back = cross(tensor)
    assert (back.dtype, back.shape, back.stride()) == (tensor.dtype, tensor.shape, tensor.stride())
    assert back.storage_offset() == tensor.storage_offset()
    assert torch.equal(torch.view_as_real(back) if back.is_complex() else back.nan_to_num(5.5), _plain(tensor))


def _plain(tensor):
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor.nan_to_num(5.5)


def test_sparse_tensors():
    tensor = torch.sparse_coo_tensor([[1, 0, 1]], [1.0, 2.0, 3.0], (4,), check_invariants=True)
    back = cross(tensor)
    assert back.layout is torch.sparse_coo
    assert not back.is_coalesced()
    assert back.to_dense().tolist() == [2, 4, 0, 0]
    assert cross(tensor.coalesce()).is_coalesced()


def test_gaps_between_elements_do_not_cross():
    secret = torch.arange(1.0, 11.0)
    back = cross(secret[::2])
    assert torch.equal(back.as_strided((4,), (2,), 1), torch.zeros(4))


def test_requires_grad_and_gradient_cross():
    tensor = torch.ones(2, requires_grad=True)
    tensor.grad = torch.tensor([3.0, 4.0])
    back = cross(tensor)
    assert back.requires_grad
    assert torch.equal(back.grad, tensor.grad)


def test_one_tensor_twice_is_one_tensor_there():
    first, second, (third,) = cross((X, X[0], [X]))
    assert first is third
    assert first is not second


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays(order):
    array = np.asarray(np.arange(6, dtype=">i4").reshape(2, 3), order=order)
    back = cross(array)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)
    assert back.flags.f_contiguous is array.flags.f_contiguous
    back[0, 0] = 9  # it is the receiver's own


def test_generator_goes_on_where_it_was():
    generator = torch.Generator().manual_seed(5)
    torch.rand(3, generator=generator)
    back = cross(generator)
    assert torch.equal(torch.rand(9, generator=back), torch.rand(9, generator=generator))


class Number(int):
    """Not an int on the wire: its operators are its own."""


class Likeness(torch.Tensor):
    """A subclass that could answer for itself."""


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Number(3),
        torch.ones(2).as_subclass(Likeness),
        np.array([object()]),
        torch.zeros(1).expand(1 << 40),
    ],
)
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(WireError):
        cross(value)


def test_depth_and_cycles_are_refused():
    deep = []
    for _ in range(200):
        deep = [deep]
    cycle = []
    cycle.append(cycle)
    for value in (deep, cycle):
        with pytest.raises(WireError, match="nested too deeply"):
            cross(value)


FORGED = {
    "no tag": [],
    "a tag of another type": [3],
    "an object": {"a": 1},
    "a reference": ["r", 1, "object", ["t", "a"]],
    "bytes that did not come": ["b", 5],
    "negative bytes": ["b", -1],
    "a huge shape": ["T", ["float32", [1 << 40], [0], 0], 0, False, True, False, None],
    "a negative stride": ["T", ["float32", [2], [-1], 0], 0, False, True, False, None],
    "a huge offset": ["T", ["float32", [1], [1], 1 << 50], 0, False, True, False, None],
    "beyond its bytes": ["T", ["float32", [9], [1], 0], 0, False, True, False, None],
    "many dimensions": ["T", ["float32", [1] * 500, [1] * 500, 0], 0, False, True, False, None],
    "a float as size": ["T", ["float32", [1.0], [1], 0], 0, False, True, False, None],
    "a dtype of objects": ["n", ["|O", [1], "C"], 0],
    "a record of objects": ["n", ["O,i4", [1], "C"], 0],
    "an array beyond its bytes": ["n", ["<f8", [1 << 40], "C"], 0],
    "an unhashable key": ["d", ["l"], 1],
    "half a pair": ["d", 1],
    "a text of no characters": ["ns", "<U1", 2],
    "an int of a million digits": ["i", "f" * 1_000_000],
    "a number that is none": ["f", "__import__('os')"],
    "a type that is not listed": ["type", "eval"],
    "a device that does not exist": ["dev", "cuda:0; rm"],
    "a repetition of a list": ["l", ["l"], ["@", 0]],
    "a repetition of nothing": ["@", 0],
    "something that was not sent": ["=", 0],
    "a state of 4 bytes": ["g", 0],
    "a dataclass without fields": ["dc", "Point", 1, None],
    "a sparse tensor beyond its size": [
        "sparse",
        ["T", ["int64", [1, 1], [1, 1], 0], 1, False, True, False, None],
        ["T", ["float32", [1], [1], 0], 0, False, True, False, None],
        [1],
        False,
    ],
    "an integer tensor with a gradient": ["T", ["int32", [1], [1], 0], 0, True, True, False, None],
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_trees_are_refused(name):
    blobs = [bytearray(4), bytearray(b"\x07" + bytes(7)), bytearray(b"\xff\xff\xff\x7f")]
    with pytest.raises(WireError):
        Decoder(blobs, refuse).decode(FORGED[name])


def test_bools_are_true_or_false():
    tree = ["T", ["bool", [3], [1], 0], 0, False, True, False, None]
    tensor = Decoder([bytearray([0, 2, 255])], refuse).decode(tree)
    assert tensor.tolist() == [False, True, True]
    assert tensor.view(torch.uint8).tolist() == [0, 1, 1]


def _mutate(rng, tree):
    """A tree of which one part was replaced."""
    if isinstance(tree, list) and tree and rng.random() < 0.8:
        place = rng.randrange(len(tree))
        return [*tree[:place], _mutate(rng, tree[place]), *tree[place + 1 :]]
    tags = [
        "l",
        "t",
        "d",
        "s",
        "T",
        "n",
        "ns",
        "g",
        "b",
        "=",
        "@",
        "dc",
        "size",
        "range",
        "slice",
        "i",
        "f",
        "c",
        "dev",
    ]
    choices = [None, -1, 0, 1 << 70, 1.5, "x" * 50, [], {}, [rng.choice(tags)], [rng.choice(tags), 0, 1, [2]], True]
    return rng.choice(choices)


def test_mutated_messages_end_as_values_or_wire_errors():
    rng = random.Random(3)
    values = [v for v in PLAIN if v != -(2**1000)] + [X, X > 3, np.eye(2), torch.Generator(), {"a": [X, {1: (2, 3)}]}]
    encoder = Encoder(refuse)
    trees = [json.loads(json.dumps(encoder.encode(value))) for value in values]
    blobs = [bytearray(blob) for blob in encoder.blobs]
    refused = 0
    for _ in range(5000):
        tree = _mutate(rng, rng.choice(trees))
        if rng.random() < 0.3:
            tree = _mutate(rng, tree)
        try:
            Decoder(blobs, refuse).decode(tree)
        except WireError:
            refused += 1
    assert refused > 500


@pytest.fixture
def ends():
    here, there = socket.socketpair()
    here.settimeout(10)
    yield here, there
    here.close()
    there.close()


SIZES = {
    "none": [],
    "nothing in them": [0],  # as of an empty tensor: there is nothing to wait for
    "small": [3, 0, 16],
    "as much as is read ahead": [frames.AHEAD],
    "large": [0, 3, 3_000_000],
}


@pytest.mark.parametrize("name", SIZES)
def test_frames_of_any_size(ends, name):
    here, there = ends
    blobs = [random.Random(size).randbytes(size) for size in SIZES[name]]
    sender = threading.Thread(target=frames.write_frame, args=(there, ["x", 1.5], blobs))
    sender.start()
    tree, back = frames.FrameReader(here).read()
    sender.join()
    assert tree == ["x", 1.5]
    assert [bytes(blob) for blob in back] == blobs


def test_frames_after_each_other(ends):
    here, there = ends
    reader = frames.FrameReader(here)
    sent = [(["x", size], [bytes(size)] * count) for size in (0, 1, 5000, 20_000) for count in (0, 1, 3)]
    sender = threading.Thread(target=lambda: [frames.write_frame(there, *frame) for frame in sent])
    sender.start()
    received = [reader.read() for _ in sent]
    sender.join()
    assert [(tree, [bytes(blob) for blob in blobs]) for tree, blobs in received] == sent


HEADS = {
    "another protocol": b"GET / HTTP",
    "a huge text": struct.pack("<2sII", b"cv", (1 << 32) - 1, 0),
    "many blobs": struct.pack("<2sII", b"cv", 1, 1 << 30),
    "huge blobs": struct.pack("<2sII2Q", b"cv", 1, 2, 1 << 60, 1 << 63),
    "no JSON": struct.pack("<2sII", b"cv", 3, 0) + b"nul",
    "NaN": struct.pack("<2sII", b"cv", 3, 0) + b"NaN",
    "a million brackets": struct.pack("<2sII", b"cv", 1_000_000, 0) + b"[" * 1_000_000,
    "an int of a million digits": struct.pack("<2sII", b"cv", 1_000_000, 0) + b"1" * 1_000_000,
}


@pytest.mark.parametrize("name", HEADS)
def test_what_is_no_frame_is_refused(ends, name):
    here, there = ends
    sender = threading.Thread(target=there.sendall, args=(HEADS[name],))
    sender.start()
    with pytest.raises(WireError):
        frames.FrameReader(here).read()
    here.close()  # a sender that is left hanging gets an error then
    sender.join(5)


def test_random_bytes_are_refused(ends):
    here, there = ends
    there.sendall(random.Random(1).randbytes(5000))
    there.close()
    with pytest.raises((WireError, PeerGoneError)):
        frames.FrameReader(here).read()


def test_an_end_within_a_frame(ends):
    here, there = ends
    there.sendall(struct.pack("<2sII", b"cv", 100, 0) + b"[")
    there.close()
    with pytest.raises(PeerGoneError, match="has ended"):
        frames.FrameReader(here).read()


def test_too_large_is_refused_by_the_sender(ends):
    with pytest.raises(WireError, match="too large"):
        frames.write_frame(ends[0], "x" * (frames.MAX_TEXT + 1), [])


def test_no_part_of_the_proxies_knows_a_format_that_executes():
    """Neither pickle nor what reads it."""
    words = ("pickle", "marshal", "shelve", "dill", "torch.load", "np.load", "eval(", "exec(")
    for path in Path(frames.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        imported = [line for line in text.splitlines() if line.lstrip().startswith(("import ", "from "))]
        assert not any(word in line for line in imported for word in words), path
        assert not any(f"{word}" in text.replace(".eval(", "") for word in words[4:]), path
