"""Photographs come from scikit-image's wheel alone, in the sizes and types asked for."""

import socket

import pytest
import skimage.data
import torch

from cvcourse.data import photographs
from cvcourse.data.registry import REGISTRY
from cvcourse.errors import DataError


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Not even the loopback."""

    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


def test_all_photographs_are_there_without_a_network():
    found = photographs()
    assert len(found) == len(found.names) == REGISTRY["skimage_photographs"].items["all"]
    assert found.source == "embedded"
    for index, name in enumerate(found.names):
        picture = found[index]
        assert picture.dtype == torch.float32 and picture.shape[0] == 3 and min(picture.shape[1:]) >= 300, name
        assert picture.min() >= 0 and 0.5 < picture.max() <= 1 and picture.std() > 0.01, name
        assert torch.equal(picture, found[name])


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket", "camera", "coins", "clock"])
def test_a_photograph_is_scikit_images_own(name):
    theirs = torch.from_numpy(getattr(skimage.data, name)())
    theirs = theirs.permute(2, 0, 1) if theirs.ndim == 3 else theirs.expand(3, -1, -1)
    assert torch.equal(photographs([name], dtype=torch.uint8)[0], theirs)


def test_a_size_scales_the_shorter_side_and_crops_the_centre():
    found = photographs(["rocket", "chelsea"], size=(100, 120))
    assert found.images.shape == (2, 3, 100, 120)
    whole = photographs(["rocket"])[0]
    assert found[0].mean((1, 2)) == pytest.approx(whole[:, :, 60:-60].mean((1, 2)), abs=0.02)
    assert photographs(["coins"], size=700)[0].shape == (3, 700, 700)


def test_grey_is_one_channel_of_brightness():
    colour, grey = photographs(["coffee"])[0], photographs(["coffee"], grey=True)[0]
    weights = torch.tensor([0.299, 0.587, 0.114]).reshape(3, 1, 1)
    assert grey.shape == (1, *colour.shape[1:])
    assert torch.allclose((weights * colour).sum(0, keepdim=True), grey, atol=1 / 255)


def test_a_transform_is_applied_and_the_stored_picture_is_never_the_callers():
    found = photographs(["coffee"], size=32, transform=torch.Tensor.zero_)
    assert found[0].sum() == 0
    assert found.images.mean() > 0.1


def test_photographs_of_different_sizes_are_not_stacked():
    with pytest.raises(ValueError, match="size="):
        _ = photographs(["rocket", "coffee"]).images


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["lena"]}, "no photograph is called 'lena'; there are: astronaut, "),
        ({"size": 0}, "size is 0"),
        ({"size": (3, 4, 5)}, "size is"),
        ({"size": 2.5}, "size is 2.5"),
        ({"dtype": torch.float16}, "dtype is torch.float16"),
    ],
)
def test_a_wrong_argument_is_a_value_error_that_says_what_is_right(options, message):
    with pytest.raises(ValueError, match=message):
        photographs(**options)


def test_an_unknown_name_lists_the_names_at_hand():
    with pytest.raises(ValueError, match="there are: coffee"):
        photographs(["coffee"], size=8)["rocket"]


def test_a_damaged_scikit_image_is_one_line(tmp_path, monkeypatch):
    import sys

    (tmp_path / "coffee.png").write_bytes(b"no picture")
    monkeypatch.setattr(sys.modules["cvcourse.data.photographs"], "_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=r"coffee\.png is missing or damaged .*install scikit-image again"):
        photographs(["coffee"])
    with pytest.raises(DataError, match=r"rocket\.jpg is missing"):
        photographs(["rocket"])
