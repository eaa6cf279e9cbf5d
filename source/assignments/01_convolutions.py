# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["badge"]
# # Unit 01, Convolutions: assignment
#
# You write the layers of a convolutional network yourself, from the size of an output to the gradient of a
# convolution, and at the end a network made of your functions reads handwritten digits.
#
# After this assignment you can
# - say what a convolution, a padding and a pooling layer compute, by hand and in code;
# - predict shapes, receptive fields and what a shift of the input does to the output;
# - check a layer against a library, against finite differences and against its symmetries.
#
# **Needed**: the lecture of this unit, indexing and broadcasting of tensors. **Time**: five to seven hours; each
# exercise names its own share. **Points**: 100.
#
# How it works: write your code where a cell says `YOUR CODE HERE`, run it, then run the test cell below it. A test that
# fails says what was expected, what came, and gives a hint. Visible tests are a part of the tests only: when the notebook
# is graded, the cells that hold nothing but a comment are filled in, with fresh random inputs.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given", "setup"]
import cvcourse

cvcourse.setup(seed=0)

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvcourse.checks import (
    check_close,
    check_equal,
    check_raises,
    check_unchanged,
    generator,
    progress,
    random_tensor,
    strided,
    trying,
)
from cvcourse.guard import CONVOLUTIONS, forbid

# %% [markdown]
# ## Rules for all exercises
#
# - Images are tensors of shape (N, C, H, W); sizes, strides, paddings, dilations and groups are Python ints, one number
#   for both directions unless an exercise says otherwise.
# - The tensors of one call share dtype and device, and the result has them too: float32, float64 and, in exercises 2, 3,
#   4 and 7, also int64, which is computed exactly.
# - Arguments are never changed in place.
# - `ValueError` with the name of an argument concerned in its message is raised for: a size, kernel size, stride, dilation
#   or groups below 1; a negative padding; a kernel that does not fit into the padded input; a wrong number of dimensions;
#   channels, groups, bias or `grad_output` whose shapes do not match; an unknown mode.
# - **Refused in exercises 1 to 8**: torch's convolutions (also transposed ones), `unfold` and `fold` of `torch.nn`, `pad`, all
#   pooling, `interpolate`, `torch.nn.grad`, the same operators under `torch.ops`, `torchvision.ops`, `numpy.pad`,
#   `numpy.convolve`, `numpy.correlate`, scipy and scikit-image; in exercise 6 also autograd. They are what you write here. The
#   tests notice when they run, whichever way they are called.
# - **Allowed**: `Tensor.unfold` (the method), `as_strided`, `einsum`, `matmul`, `torch.fft`, numpy otherwise, index arithmetic,
#   loops, your own helper functions and your earlier answers.

# %% nbgrader={"grade": false, "grade_id": "worked_examples", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
# The 5 x 5 image and the 6 x 6 image of the lecture.
image5 = torch.tensor(
    [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [4, 3, 1, 2, 5], [4, 5, 2, 1, 3]], dtype=torch.float32
)
image6 = torch.tensor(
    [
        [5, 0, 8, 7, 8, 1],
        [1, 9, 5, 0, 7, 7],
        [6, 0, 2, 4, 6, 6],
        [9, 7, 6, 6, 8, 4],
        [8, 3, 8, 5, 1, 3],
        [7, 2, 7, 0, 1, 0],
    ],
    dtype=torch.float32,
)
plus = torch.tensor([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=torch.float32)

# %% [markdown] tags=["topic:A3"]
# ## Exercise 1: how large is the output? (6 points, about 15 minutes)
#
# Most errors with convolutional networks are errors of shape: a layer that gives 54 columns where the next one expects 55
# stops the program, and a layer that silently drops the last rows of an image is worse. One formula settles it for every
# convolution and every pooling layer, in each direction separately. AlexNet's paper speaks of inputs of 224 pixels; with its
# first layer only 227 gives the 55 columns that the paper draws. You will have checked such a claim within seconds.
#
# A kernel of size $k$ with dilation $d$ spans $d\,(k-1)+1$ pixels. With padding $p$ on both sides and stride $s$
#
# $$ n_\text{out} = \left\lfloor \frac{n + 2p - d\,(k-1) - 1}{s} \right\rfloor + 1 . $$
#
# **Worked example.** $n=7$, $k=3$, $s=2$: the kernel starts at columns 0, 2 and 4, and $\lfloor (7-3)/2 \rfloor + 1 = 3$.
# With $n=8$ it starts at the same three columns; the last one is never reached.
#
# The reference (see the rules above; here, asking a layer of `torch.nn` for its output's shape) is refused.


# %% nbgrader={"grade": false, "grade_id": "01_conv_output_size", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """The number of output pixels of a convolution in one direction.

    Args:
        size: pixels of the input in this direction.
        kernel_size: entries of the kernel in this direction.
        stride: step between two positions of the kernel.
        padding: pixels added on each of the two sides.
        dilation: step between two entries of the kernel.

    Returns:
        The output's size, an `int` of at least 1.

    Raises:
        ValueError: `size`, `kernel_size`, `stride` or `dilation` is below 1, `padding` is negative, or the kernel's span
            is larger than the padded input. The message names an argument concerned.

    Example:
        >>> conv_output_size(7, 3, stride=2)
        3
    """
    ### BEGIN SOLUTION
    for name, value, least in [
        ("size", size, 1),
        ("kernel_size", kernel_size, 1),
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
    ]:
        if value < least:
            raise ValueError(f"{name} is {value}, it must be at least {least}")
    span = dilation * (kernel_size - 1) + 1
    if span > size + 2 * padding:
        raise ValueError(f"kernel_size: the kernel spans {span} pixels, the padded input has {size + 2 * padding}")
    return (size + 2 * padding - span) // stride + 1
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: the kernel that does not fit</summary>
#
# Compare the span with the padded input before you divide. Where the kernel is too large by less than one stride, a division
# that cuts the decimals off instead of rounding down gives 0 there, and the formula a size of 1 that does not exist.
# </details>
# <details><summary>Help: I get 55.0 instead of 55</summary>
#
# `/` gives a float. For ints Python has `//`, which rounds down.
# </details>

# %% nbgrader={"grade": true, "grade_id": "01_conv_output_size_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
with trying("1 conv_output_size", "worked examples"), forbid(CONVOLUTIONS):
    hint = "floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1"
    check_equal(conv_output_size(7, 3, 2), 3, name="conv_output_size(7, 3, 2)", hint=hint)
    check_equal(
        conv_output_size(8, 3, 2),
        3,
        name="conv_output_size(8, 3, 2)",
        hint="round down: the last column is not reached",
    )
    check_equal(
        conv_output_size(10, 3, 4), 2, name="conv_output_size(10, 3, 4)", hint="round down, never to the nearest"
    )
    check_equal(conv_output_size(227, 11, 4), 55, name="conv_output_size(227, 11, 4)", hint=hint)
    check_equal(conv_output_size(224, 11, 4), 54, name="conv_output_size(224, 11, 4)", hint=hint)
    check_equal(
        conv_output_size(7, 3, 1, 0, 3), 1, name="conv_output_size(7, 3, 1, 0, 3)", hint="the kernel spans 7 pixels"
    )
    check_equal(
        conv_output_size(5, 3, padding=1), 5, name="conv_output_size(5, 3, padding=1)", hint="padding is on both sides"
    )

with trying("1 conv_output_size", "a kernel that is too large"), forbid(CONVOLUTIONS):
    concerned = ["size", "kernel_size", "padding", "dilation"]
    check_raises(ValueError, concerned, lambda: conv_output_size(3, 5), name="conv_output_size(3, 5)")

# %% nbgrader={"grade": true, "grade_id": "01_conv_output_size_random", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: 200 random settings against torch.nn.Conv2d, many of them with a remainder.
### BEGIN HIDDEN TESTS
rng = generator("01 random settings")
settings = []
while len(settings) < 200:
    size, kernel_size, stride, padding, dilation = (
        int(torch.randint(low, high, (), generator=rng)) for low, high in [(1, 41), (1, 8), (1, 6), (0, 5), (1, 4)]
    )
    left = size + 2 * padding - dilation * (kernel_size - 1) - 1
    remainder = left % stride != 0
    if left >= 0 and (remainder or len(settings) >= 80):  # the first 80 have a remainder
        settings.append((size, kernel_size, stride, padding, dilation))
settings += [(10, 3, 2, 1, 2), (11, 3, 3, 0, 2), (6, 4, 3, 0, 1), (1, 1, 5, 0, 3), (5, 3, 7, 0, 2), (9, 2, 2, 3, 4)]
for size, kernel_size, stride, padding, dilation in settings:
    layer = nn.Conv2d(1, 1, kernel_size, stride, padding, dilation, device="meta")
    expected = layer(torch.empty(1, 1, size, size, device="meta")).shape[-1]
    with forbid(CONVOLUTIONS):
        actual = conv_output_size(size, kernel_size, stride, padding, dilation)
    check_equal(actual, expected, name=f"conv_output_size({size}, {kernel_size}, {stride}, {padding}, {dilation})")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "01_conv_output_size_fit", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: kernels that just fit, and kernels that are too large by one pixel.
### BEGIN HIDDEN TESTS
names = ["size", "kernel_size", "padding", "dilation"]
for size, kernel_size, stride, padding, dilation in [
    (5, 5, 1, 0, 1),
    (5, 5, 3, 0, 1),
    (7, 4, 3, 0, 2),
    (3, 5, 2, 1, 1),
    (1, 3, 1, 1, 1),
    (9, 3, 4, 0, 4),
]:
    call = f"conv_output_size({size}, {kernel_size}, {stride}, {padding}, {dilation})"
    check_equal(conv_output_size(size, kernel_size, stride, padding, dilation), 1, name=call)
for arguments in [(5, 4, 3, 0, 2), (4, 5, 1, 0, 1), (4, 5, 2, 0, 1), (2, 5, 5, 1, 1), (8, 3, 4, 0, 4), (6, 8, 3, 0, 1)]:
    check_raises(ValueError, names, lambda a=arguments: conv_output_size(*a), name=f"conv_output_size{arguments}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "01_conv_output_size_arguments", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: sizes, strides and dilations below 1, negative paddings.
### BEGIN HIDDEN TESTS
check_equal(conv_output_size(9, 3, 2, 1, 2), 4, name="conv_output_size(9, 3, 2, 1, 2)")
check_equal(conv_output_size(1, 1, 1, 0, 1), 1, name="conv_output_size(1, 1, 1, 0, 1)")
good = {"size": 9, "kernel_size": 3, "stride": 2, "padding": 3, "dilation": 1}
for name, bad in [(name, value) for name in good for value in (0, -1, -2) if (name, value) != ("padding", 0)]:
    arguments = good | {name: bad}
    check_raises(ValueError, [name], lambda a=arguments: conv_output_size(**a), name=f"{name}={bad}")
### END HIDDEN TESTS

# %% [markdown] tags=["topic:A4"]
# ## Exercise 2: the correlation of one image with one kernel (8 points, about 25 minutes)
#
# Everything a convolution layer does rests on one small operation: lay the kernel on a region of the image, multiply entry by
# entry, add up, move on. Frameworks call it convolution, mathematics calls it cross-correlation, since the kernel is not turned
# round. Written with loops it is ten lines that you can check on paper, and it will be the specification against which you hold
# every faster version. Two things go wrong here all the time: rows and columns are exchanged, which a square image hides, and
# the last position is left out.
#
# For an image $I$ of $H \times W$ and a kernel $K$ of $k_H \times k_W$, without padding ("valid"),
#
# $$ O_{ij} = \sum_{u=0}^{k_H-1} \sum_{v=0}^{k_W-1} I_{i+u,\,j+v}\, K_{uv}, \qquad 0 \le i \le H-k_H,\quad 0 \le j \le W-k_W . $$
#
# **Worked example.** `image5` with the plus-shaped kernel of ones: at the top left the kernel covers 2, 5, 4, 3 and 2, so the
# first output is 16.
#
# The reference (see the rules above) is refused; loops are welcome.


# %% nbgrader={"grade": false, "grade_id": "02_correlate2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
def correlate2d(image: Tensor, kernel: Tensor) -> Tensor:
    """The valid cross-correlation of an image with a kernel.

    Args:
        image: shape (H, W), float32, float64 or int64.
        kernel: shape (kH, kW), of the same dtype and device.

    Returns:
        Shape (H - kH + 1, W - kW + 1), of the same dtype and device; int64 is computed exactly.

    Raises:
        ValueError: one of them has not two dimensions, or the kernel is larger than the image in a direction. The message
            names `image` or `kernel`, whichever is concerned.

    Example:
        >>> correlate2d(torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([[1, 10]]))
        tensor([[21, 32],
                [54, 65]])
    """
    ### BEGIN SOLUTION
    if image.dim() != 2:
        raise ValueError(f"image must have 2 dimensions, it has {image.dim()}")
    if kernel.dim() != 2:
        raise ValueError(f"kernel must have 2 dimensions, it has {kernel.dim()}")
    (height, width), (kernel_height, kernel_width) = image.shape, kernel.shape
    if kernel_height > height or kernel_width > width:
        raise ValueError(f"kernel {tuple(kernel.shape)} is larger than the image {tuple(image.shape)}")
    output = image.new_zeros(height - kernel_height + 1, width - kernel_width + 1)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            output[i, j] = (image[i : i + kernel_height, j : j + kernel_width] * kernel).sum()
    return output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: the dtype of the result</summary>
#
# `torch.zeros(...)` makes float32. `image.new_zeros(...)` takes dtype and device from the image. An int64 result must not pass
# through floats on its way: beyond $2^{53}$ they have gaps.
# </details>
# <details><summary>Help: I get "The size of tensor a must match the size of tensor b"</summary>
#
# The region and the kernel differ in shape. Either the loops run too far, so that the last slice is cut off by the border, or rows and
# columns are exchanged somewhere.
# </details>

# %% nbgrader={"grade": true, "grade_id": "02_correlate2d_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
with trying("2 correlate2d", "the 5 x 5 example"), forbid(CONVOLUTIONS):
    expected = torch.tensor([[16.0, 15, 14], [13, 13, 16], [15, 11, 13]])
    check_close(
        correlate2d(image5, plus), expected, name="correlate2d(image5, plus)", hint="the first value is 2+5+4+3+2"
    )

rng = generator("02 visible")
image, kernel = random_tensor(rng, 6, 9), random_tensor(rng, 2, 4)
expected = F.conv2d(image[None, None], kernel[None, None])[0, 0]
flipped = F.conv2d(image[None, None], kernel.flip(0, 1)[None, None])[0, 0]
shifted = expected[:-1, :-1]
with trying("2 correlate2d", "a random image"), forbid(CONVOLUTIONS), check_unchanged(image=image, kernel=kernel):
    check_close(
        correlate2d(image, kernel),
        expected,
        name="correlate2d of a 6 x 9 image and a 2 x 4 kernel",
        mistakes={
            "the kernel was flipped (that is exercise 3)": flipped,
            "the last row and column are missing": shifted,
        },
        hint="the output has H - kH + 1 rows and W - kW + 1 columns",
    )

whole = torch.tensor([[1, 2, 3], [4, 5, 6]])
with trying("2 correlate2d", "int64"), forbid(CONVOLUTIONS):
    expected = torch.tensor([[21, 32], [54, 65]])
    check_close(correlate2d(whole, torch.tensor([[1, 10]])), expected, name="correlate2d of int64 tensors")

# %% nbgrader={"grade": true, "grade_id": "02_correlate2d_random", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: random images and kernels that are not square, in three dtypes.
### BEGIN HIDDEN TESTS
rng = generator("02 random")
shapes = [((7, 4), (3, 2)), ((4, 9), (2, 5)), ((8, 8), (3, 3)), ((5, 6), (1, 1)), ((6, 3), (6, 3)), ((5, 7), (5, 2))]
for (image_shape, kernel_shape), dtype in [(s, d) for s in shapes for d in (torch.float32, torch.float64, torch.int64)]:
    image, kernel = random_tensor(rng, *image_shape, dtype=dtype), random_tensor(rng, *kernel_shape, dtype=dtype)
    expected = F.conv2d(image[None, None], kernel[None, None])[0, 0]
    with forbid(CONVOLUTIONS):
        actual = correlate2d(image, kernel)
    check_close(actual, expected, name=f"correlate2d of {image_shape} and {kernel_shape}, {dtype}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "02_correlate2d_care", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: large integers, non-contiguous input, nothing changed in place.
### BEGIN HIDDEN TESTS
rng = generator("02 care")
image = 2**59 + torch.randint(0, 1000, (5, 6), generator=rng)
kernel = torch.tensor([[1, -1, 2], [1, 1, -1]])
expected = sum(kernel[u, v] * image[u : u + 4, v : v + 4] for u in range(2) for v in range(3))
with forbid(CONVOLUTIONS), check_unchanged(image=image, kernel=kernel):
    actual = correlate2d(image, kernel)
check_close(actual, expected, name="correlate2d of large int64 values", hint="compute integers as integers")
for dtype in (torch.float32, torch.float64, torch.int64):
    image, kernel = strided(random_tensor(rng, 6, 8, dtype=dtype)), strided(random_tensor(rng, 3, 2, dtype=dtype))
    expected = F.conv2d(image[None, None], kernel[None, None])[0, 0]
    with forbid(CONVOLUTIONS), check_unchanged(image=image, kernel=kernel):
        actual = correlate2d(image, kernel)
    check_close(actual, expected, name=f"correlate2d of non-contiguous tensors, {dtype}")
image, delta = random_tensor(rng, 5, 7), torch.zeros(3, 3)
delta[1, 1] = 1
expected = image[1:-1, 1:-1].clone()
with forbid(CONVOLUTIONS), check_unchanged(image=image, delta=delta):
    actual = correlate2d(image, delta)
check_close(actual, expected, name="correlate2d with the centred delta")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "02_correlate2d_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: a kernel that is larger in one direction, wrong numbers of dimensions.
### BEGIN HIDDEN TESTS
rng = generator("02 errors")
image, kernel = random_tensor(rng, 4, 6), random_tensor(rng, 4, 6)
expected = (image.double() * kernel.double()).sum().float().reshape(1, 1)
check_close(correlate2d(image, kernel), expected, name="a kernel as large as the image")
both = ["image", "kernel"]
check_raises(ValueError, both, lambda: correlate2d(image, torch.ones(5, 2)), name="a kernel with too many rows")
check_raises(ValueError, both, lambda: correlate2d(image, torch.ones(2, 7)), name="a kernel with too many columns")
check_raises(ValueError, both, lambda: correlate2d(image, torch.ones(5, 7)), name="a kernel larger in both directions")
check_raises(
    ValueError, ["image"], lambda: correlate2d(image[None], torch.ones(2, 2)), name="an image of shape (1, 4, 6)"
)
check_raises(ValueError, ["image"], lambda: correlate2d(image[0], torch.ones(2, 2)), name="an image of shape (6,)")
check_raises(ValueError, ["kernel"], lambda: correlate2d(image, torch.ones(2)), name="a kernel of shape (2,)")
check_raises(
    ValueError, ["kernel"], lambda: correlate2d(image, torch.ones(1, 1, 2, 2)), name="a kernel of shape (1, 1, 2, 2)"
)
### END HIDDEN TESTS

# %% [markdown] tags=["topic:A7"]
# ## Exercise 4: padding in four modes (10 points, about 45 minutes)
#
# Without padding each 3 x 3 layer costs two rows and two columns, and the pixels of the border are seen by fewer kernels than
# those inside. What stands beyond the border is a choice, and it shows: zeros draw a dark frame that a network can use to tell
# where it is, replication and reflection continue the image plausibly, and circular padding turns the image into a torus, on
# which a convolution commutes with every shift (exercise 10). In the last unit's networks the artefacts along the borders of a
# result will come from exactly this choice.
#
# With rows and columns of the input counted $0 \dots n-1$, the padded position $i$, which may be negative or beyond $n-1$, shows
#
# | mode | what stands at position $i$ | for a row `a b c d`, padding 2 |
# |---|---|---|
# | `zeros` | 0 outside | `0 0 a b c d 0 0` |
# | `replicate` | the nearest pixel | `a a a b c d d d` |
# | `reflect` | mirrored at the border pixel, which is not repeated | `c b a b c d c b` |
# | `circular` | $i$ modulo $n$ | `c d a b c d a b` |
#
# The reference (see the rules above) is refused. The check of the arguments is given: call it first.


# %% nbgrader={"grade": false, "grade_id": "check_pad_arguments", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
def check_pad_arguments(x: Tensor, padding: int | tuple[int, int, int, int], mode: str) -> None:
    """Check the arguments of `pad2d`.

    Raises:
        ValueError: `x` has not four dimensions, `padding` is negative or not one or four ints, `mode` is unknown, or a side's
            padding is too wide for the mode: `reflect` needs it smaller than that dimension, `circular` not larger.
    """
    if x.dim() != 4:
        raise ValueError(f"x must have 4 dimensions (N, C, H, W), it has {x.dim()}")
    if mode not in ("zeros", "replicate", "reflect", "circular"):
        raise ValueError(f"mode must be zeros, replicate, reflect or circular, it is {mode!r}")
    sides = (padding,) * 4 if isinstance(padding, int) else tuple(padding)
    if len(sides) != 4 or min(sides) < 0:
        raise ValueError(f"padding must be an int or (left, right, top, bottom), none negative, it is {padding}")
    height, width = x.shape[-2:]
    widest = {"reflect": (width - 1, height - 1), "circular": (width, height)}.get(mode)
    if widest and (max(sides[:2]) > widest[0] or max(sides[2:]) > widest[1]):
        raise ValueError(f"padding {padding} is too wide for mode {mode!r} on an image of {height} x {width}")


# %% nbgrader={"grade": false, "grade_id": "04_pad2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pad2d(x: Tensor, padding: int | tuple[int, int, int, int], mode: str = "zeros") -> Tensor:
    """Pad a batch of images in height and width.

    Args:
        x: shape (N, C, H, W), float32, float64 or int64.
        padding: pixels on every side, or (left, right, top, bottom).
        mode: "zeros", "replicate", "reflect" or "circular".

    Returns:
        Shape (N, C, top + H + bottom, left + W + right), of the same dtype and device.

    Raises:
        ValueError: see `check_pad_arguments`.

    Example:
        >>> pad2d(torch.tensor([[[[1, 2, 3]]]]), (2, 1, 0, 0), mode="reflect")
        tensor([[[[3, 2, 1, 2, 3, 2]]]])
    """
    ### BEGIN SOLUTION
    check_pad_arguments(x, padding, mode)
    left, right, top, bottom = (padding,) * 4 if isinstance(padding, int) else padding
    height, width = x.shape[-2:]
    if mode == "zeros":
        output = x.new_zeros(*x.shape[:2], top + height + bottom, left + width + right)
        output[:, :, top : top + height, left : left + width] = x
        return output

    def source(before: int, size: int, after: int) -> Tensor:
        i = torch.arange(-before, size + after, device=x.device)
        if mode == "replicate":
            return i.clamp(0, size - 1)
        return i % size if mode == "circular" else size - 1 - (size - 1 - i.abs()).abs()

    return x[:, :, source(top, height, bottom)[:, None], source(left, width, right)]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: one function for three modes</summary>
#
# Padding by copying is reading at other places. Build for the rows and for the columns a list of the source indices, for
# instance `[2, 1, 0, 1, 2, 1]` for the example in the docstring, then index `x` with both.
# </details>
# <details><summary>Hint: the order of the four numbers</summary>
#
# (left, right, top, bottom): columns first, as in `torch.nn.functional.pad`, although the tensor has its rows first.
# </details>
# <details><summary>Help: x[:, :, rows, columns] fails or gives a diagonal</summary>
#
# Two index lists side by side are paired entry by entry. Give the rows a second axis, `rows[:, None]`, or index twice:
# `x[:, :, rows][..., columns]`.
# </details>

# %% nbgrader={"grade": true, "grade_id": "04_pad2d_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
tables = {
    "replicate": """
        5 5 0 8 7 8 1 1
        5 5 0 8 7 8 1 1
        1 1 9 5 0 7 7 7
        6 6 0 2 4 6 6 6
        9 9 7 6 6 8 4 4
        8 8 3 8 5 1 3 3
        7 7 2 7 0 1 0 0
        7 7 2 7 0 1 0 0""",
    "reflect": """
        9 1 9 5 0 7 7 7
        0 5 0 8 7 8 1 8
        9 1 9 5 0 7 7 7
        0 6 0 2 4 6 6 6
        7 9 7 6 6 8 4 8
        3 8 3 8 5 1 3 1
        2 7 2 7 0 1 0 1
        3 8 3 8 5 1 3 1""",
    "circular": """
        0 7 2 7 0 1 0 7
        1 5 0 8 7 8 1 5
        7 1 9 5 0 7 7 1
        6 6 0 2 4 6 6 6
        4 9 7 6 6 8 4 9
        3 8 3 8 5 1 3 8
        0 7 2 7 0 1 0 7
        1 5 0 8 7 8 1 5""",
}
for mode, table in tables.items():
    expected = torch.tensor([[float(value) for value in row.split()] for row in table.split("\n")[1:]])
    with trying("4 pad2d", mode), forbid(CONVOLUTIONS):
        actual = pad2d(image6[None, None], 1, mode=mode)
        check_close(actual, expected[None, None], name=f"pad2d(image6, 1, {mode!r})", hint="see the table of modes")

rng = generator("04 visible")
x = random_tensor(rng, 2, 3, 4, 5)
expected = F.pad(x, (1, 2, 0, 3))
exchanged = F.pad(x, (0, 3, 1, 2))
with trying("4 pad2d", "zeros, four numbers"), forbid(CONVOLUTIONS), check_unchanged(x=x):
    check_close(
        pad2d(x, (1, 2, 0, 3)),
        expected,
        name="pad2d(x, (1, 2, 0, 3)) of shape (2, 3, 4, 5)",
        mistakes={"the order was taken as (top, bottom, left, right)": exchanged},
        hint="the order is (left, right, top, bottom): 1 + 5 + 2 columns, 0 + 4 + 3 rows",
    )

# %% nbgrader={"grade": true, "grade_id": "04_pad2d_zeros_replicate", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: zeros and replicate, one number and four, also wider than the image.
### BEGIN HIDDEN TESTS
rng = generator("04 zeros and replicate")
for mode, library in [("zeros", "constant"), ("replicate", "replicate")]:
    for padding in [0, 1, 3, (1, 2, 3, 0), (0, 0, 2, 1), (3, 0, 0, 0), (0, 1, 0, 0), (7, 5, 6, 9)]:
        for shape in [(2, 3, 4, 6), (1, 2, 5, 3)]:
            x = random_tensor(rng, *shape, dtype=torch.float64 if padding == 1 else torch.float32)
            expected = F.pad(x, (padding,) * 4 if isinstance(padding, int) else padding, mode=library)
            with forbid(CONVOLUTIONS):
                actual = pad2d(x, padding, mode)
            check_close(actual, expected, name=f"pad2d(x, {padding}, {mode!r}) of shape {shape}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "04_pad2d_reflect_circular", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: reflect and circular, one number and four, images that are not square.
### BEGIN HIDDEN TESTS
rng = generator("04 reflect and circular")
for mode in ("reflect", "circular"):
    for padding in [0, 1, 2, 3, (1, 2, 3, 0), (0, 0, 2, 1), (3, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 3), (2, 3, 1, 2)]:
        for shape in [(2, 3, 4, 6), (1, 2, 5, 4)]:
            x = random_tensor(rng, *shape, dtype=torch.float64 if padding == 1 else torch.float32)
            expected = F.pad(x, (padding,) * 4 if isinstance(padding, int) else padding, mode=mode)
            with forbid(CONVOLUTIONS):
                actual = pad2d(x, padding, mode)
            check_close(actual, expected, name=f"pad2d(x, {padding}, {mode!r}) of shape {shape}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "04_pad2d_widths", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the greatest widths that a mode allows, and one more; unknown modes.
### BEGIN HIDDEN TESTS
rng = generator("04 widths")
x = random_tensor(rng, 1, 2, 4, 6)
for mode, padding in [("reflect", (5, 5, 3, 3)), ("circular", (6, 6, 4, 4)), ("reflect", 3), ("circular", 4)]:
    expected = F.pad(x, (padding,) * 4 if isinstance(padding, int) else padding, mode=mode)
    with forbid(CONVOLUTIONS):
        actual = pad2d(x, padding, mode)
    check_close(actual, expected, name=f"pad2d(x, {padding}, {mode!r}) of shape (1, 2, 4, 6)")
for mode, paddings in {
    "reflect": [4, (6, 0, 0, 0), (0, 6, 0, 0), (0, 0, 4, 0), (0, 0, 0, 4)],
    "circular": [5, (7, 0, 0, 0), (0, 7, 0, 0), (0, 0, 5, 0), (0, 0, 0, 5)],
}.items():
    for padding in paddings:
        names = ["x", "padding", "mode"]
        check_raises(ValueError, names, lambda m=mode, p=padding: pad2d(x, p, m), name=f"pad2d(x, {padding}, {mode!r})")
for mode in ("zeros", "replicate", "reflect", "circular"):
    for padding in (-1, (1, 1, -1, 1)):
        check_raises(ValueError, ["padding"], lambda m=mode, p=padding: pad2d(x, p, m), name=f"padding={padding}")
check_raises(ValueError, ["mode"], lambda: pad2d(x, 1, "mirror"), name="mode='mirror'")
check_raises(ValueError, ["x"], lambda: pad2d(x[0], 1), name="x of three dimensions")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "04_pad2d_int64", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: int64 in every mode, non-contiguous input, nothing changed in place.
### BEGIN HIDDEN TESTS
rng = generator("04 int64")
for mode, library in {"zeros": "constant", "replicate": "edge", "reflect": "reflect", "circular": "wrap"}.items():
    x = strided(2**60 + torch.randint(0, 1000, (2, 2, 3, 5), generator=rng))
    expected = torch.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), (2, 1), (0, 2)), mode=library))
    with forbid(CONVOLUTIONS), check_unchanged(x=x):
        actual = pad2d(x, (0, 2, 2, 1), mode)
    check_close(actual, expected, name=f"pad2d of int64, {mode!r}")
### END HIDDEN TESTS

# %% [markdown]
# ## Before you hand in
#
# The next cell lists the outcome of the visible tests since the notebook was started. To be sure of what you hand in, choose
# *Kernel, Restart Kernel and Run All Cells* (on Colab *Runtime, Restart session and run all*), look at the list again, save,
# and hand in this one file under its own name. Running all cells stops at the first exercise that has no answer yet: that is
# as it should be, later exercises can be run one by one.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
progress(["1 conv_output_size", "2 correlate2d", "4 pad2d"])
