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
import itertools
import math
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cvcourse import plotting
from cvcourse.checks import (
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
from cvcourse.guard import AUTOGRAD, CONVOLUTIONS, count_operators, forbid

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

# %% [markdown]
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


# %% nbgrader={"grade": false, "grade_id": "01_conv_output_size", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B5"]
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
# Hidden test: 60 random settings against torch's convolution, most of them with a remainder.
### BEGIN HIDDEN TESTS
rng = generator("01 random settings")
lows, highs = torch.tensor([[1, 1, 1, 0, 1], [41, 8, 6, 5, 4]])
settings = []
drawn = lows + torch.randint(1 << 40, (200, 5), generator=rng) % (highs - lows)
for size, kernel_size, stride, padding, dilation in drawn.tolist():
    left = size + 2 * padding - dilation * (kernel_size - 1) - 1
    if left >= 0 and (left % stride != 0 or len(settings) >= 40):  # the first 40 have a remainder
        settings.append((size, kernel_size, stride, padding, dilation))
settings = settings[:60]
settings += [(10, 3, 2, 1, 2), (11, 3, 3, 0, 2), (6, 4, 3, 0, 1), (1, 1, 5, 0, 3), (5, 3, 7, 0, 2), (9, 2, 2, 3, 4)]
for size, kernel_size, stride, padding, dilation in settings:
    image, kernel = torch.empty(1, 1, size, device="meta"), torch.empty(1, 1, kernel_size, device="meta")
    expected = F.conv1d(image, kernel, stride=stride, padding=padding, dilation=dilation).shape[-1]
    call = f"conv_output_size({size}, {kernel_size}, {stride}, {padding}, {dilation})"
    with calling(call), forbid(CONVOLUTIONS):
        actual = conv_output_size(size, kernel_size, stride, padding, dilation)
    check_equal(actual, expected, name=call)
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
    with calling(call, hint="this kernel fits"):
        actual = conv_output_size(size, kernel_size, stride, padding, dilation)
    check_equal(actual, 1, name=call)
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

# %% [markdown]
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


# %% nbgrader={"grade": false, "grade_id": "02_correlate2d", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B2", "topic:B4"]
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
        correlate2d(image=image, kernel=kernel),
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

with trying("2 correlate2d", "a kernel that is too wide"), forbid(CONVOLUTIONS):
    names, wide = ["image", "kernel"], torch.ones(2, 6)
    check_raises(
        ValueError,
        names,
        lambda: correlate2d(image5, wide),
        name="a 2 x 6 kernel on 5 x 5",
        hint="check both directions",
    )

# %% nbgrader={"grade": true, "grade_id": "02_correlate2d_random", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: random images and kernels that are not square, in three dtypes.
### BEGIN HIDDEN TESTS
rng = generator("02 random")
shapes = [((7, 4), (3, 2)), ((4, 9), (2, 5)), ((8, 8), (3, 3)), ((5, 6), (1, 1)), ((6, 3), (6, 3)), ((5, 7), (5, 2))]
for (image_shape, kernel_shape), dtype in [(s, d) for s in shapes for d in (torch.float32, torch.float64, torch.int64)]:
    image, kernel = random_tensor(rng, *image_shape, dtype=dtype), random_tensor(rng, *kernel_shape, dtype=dtype)
    expected = F.conv2d(image[None, None], kernel[None, None])[0, 0]
    with forbid(CONVOLUTIONS), check_unchanged(image=image, kernel=kernel):
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
image, kernel = random_tensor(rng, 4, 6, dtype=torch.float64), random_tensor(rng, 4, 6, dtype=torch.float64)
expected = (image * kernel).sum().reshape(1, 1)
with forbid(CONVOLUTIONS), check_unchanged(image=image, kernel=kernel):
    actual = correlate2d(image, kernel)
check_close(actual, expected, name="a kernel as large as the image")
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

# %% [markdown]
# ## Exercise 3: the true convolution, in full (6 points, about 20 minutes)
#
# Turn the kernel round and the correlation becomes the convolution of mathematics and signal processing. The flip looks like a
# nuisance, and it is why frameworks leave it out: a learned kernel does not care. But it buys an algebra. A convolution commutes,
# it is associative, so that two filters can be merged into one before they meet the image, and the Fourier transform turns it
# into a product. The correlation has none of this. "Full" means that every position counts at which image and kernel overlap at
# all: nothing is lost at the border, and none of the two is the larger one.
#
# For an image of $H \times W$ and a kernel of $k_H \times k_W$, both zero outside,
#
# $$ O_{ij} = \sum_{u=0}^{k_H-1} \sum_{v=0}^{k_W-1} I_{i-u,\,j-v}\, K_{uv}, \qquad 0 \le i \le H+k_H-2,\quad 0 \le j \le W+k_W-2 . $$
#
# **Worked example.** The row `1 2 3` with the kernel row `1 10` gives `1 12 23 30`: the number 321 times 101, so to speak, with
# digits from the left.
#
# The reference (see the rules above) is refused; loops are welcome.


# %% nbgrader={"grade": false, "grade_id": "03_convolve2d", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B1"]
def convolve2d(image: Tensor, kernel: Tensor) -> Tensor:
    """The full convolution of an image with a kernel: the kernel is flipped, everything outside is zero.

    Args:
        image: shape (H, W), float32, float64 or int64.
        kernel: shape (kH, kW), of the same dtype and device; it may be larger than the image.

    Returns:
        Shape (H + kH - 1, W + kW - 1), of the same dtype and device; int64 is computed exactly.

    Raises:
        ValueError: one of them has not two dimensions. The message names `image` or `kernel`, whichever is concerned.

    Example:
        >>> convolve2d(torch.tensor([[1, 2, 3]]), torch.tensor([[1, 10]]))
        tensor([[ 1, 12, 23, 30]])
    """
    ### BEGIN SOLUTION
    if image.dim() != 2:
        raise ValueError(f"image must have 2 dimensions, it has {image.dim()}")
    if kernel.dim() != 2:
        raise ValueError(f"kernel must have 2 dimensions, it has {kernel.dim()}")
    (height, width), (kernel_height, kernel_width) = image.shape, kernel.shape
    output = image.new_zeros(height + kernel_height - 1, width + kernel_width - 1)
    for u in range(kernel_height):
        for v in range(kernel_width):
            output[u : u + height, v : v + width] += kernel[u, v] * image
    return output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: read the sum the other way round</summary>
#
# Instead of asking which pixels make an output, ask where a pixel goes: entry $(u, v)$ of the kernel adds a copy of the whole image,
# moved by $u$ rows and $v$ columns, to the output. No border needs care then, and no flip.
# </details>
# <details><summary>Hint: by way of exercise 2</summary>
#
# The full convolution is the valid correlation of the image, padded with $k_H-1$ and $k_W-1$ zeros on each side, with the flipped
# kernel (`kernel.flip(0, 1)`). Then nothing breaks when the kernel is larger than the image.
# </details>

# %% nbgrader={"grade": true, "grade_id": "03_convolve2d_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
rng = generator("03 visible")
image, kernel = random_tensor(rng, 4, 6, dtype=torch.float64), random_tensor(rng, 2, 3, dtype=torch.float64)
expected = F.conv2d(image[None, None], kernel.flip(0, 1)[None, None], padding=(1, 2))[0, 0]
correlation = F.conv2d(image[None, None], kernel[None, None], padding=(1, 2))[0, 0]
with trying("3 convolve2d", "worked example"), forbid(CONVOLUTIONS):
    row, kernel_row = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 10]])
    check_close(convolve2d(row, kernel_row), torch.tensor([[1, 12, 23, 30]]), name="convolve2d([[1, 2, 3]], [[1, 10]])")
with trying("3 convolve2d", "a random image"), forbid(CONVOLUTIONS), check_unchanged(image=image, kernel=kernel):
    check_close(
        convolve2d(image, kernel),
        expected,
        name="convolve2d of a 4 x 6 image and a 2 x 3 kernel",
        mistakes={"the kernel was not flipped (a correlation)": correlation},
        hint="the output has H + kH - 1 rows and W + kW - 1 columns",
    )
expected = F.conv2d(kernel[None, None], image.flip(0, 1)[None, None], padding=(3, 5))[0, 0]
call = "convolve2d of a 2 x 3 image and a 4 x 6 kernel"
with trying("3 convolve2d", "a kernel larger than the image"), calling(call), forbid(CONVOLUTIONS):
    check_close(convolve2d(image=kernel, kernel=image), expected, name=call)

# %% nbgrader={"grade": true, "grade_id": "03_convolve2d_shapes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: scipy's convolution for many shapes, the kernel smaller or larger than the image.
### BEGIN HIDDEN TESTS
import scipy.signal

rng = generator("03 shapes")
shapes = [
    ((5, 8), (3, 3)),
    ((7, 4), (2, 5)),
    ((3, 6), (5, 2)),
    ((2, 3), (4, 5)),
    ((4, 4), (1, 1)),
    ((1, 5), (4, 1)),
    ((1, 1), (2, 3)),
]
for image_shape, kernel_shape in shapes:
    for dtype in (torch.float32, torch.float64):
        image, kernel = random_tensor(rng, *image_shape, dtype=dtype), random_tensor(rng, *kernel_shape, dtype=dtype)
        expected = scipy.signal.convolve2d(image.double().numpy(), kernel.double().numpy(), mode="full")
        call = f"convolve2d of {image_shape} and {kernel_shape}"
        with calling(call), forbid(CONVOLUTIONS), check_unchanged(image=image, kernel=kernel):
            actual = convolve2d(image, kernel)
        check_close(actual, torch.from_numpy(expected).to(dtype), name=call)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "03_convolve2d_commutes", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: int64 exactly, also where values are large; image and kernel can change places; non-contiguous input.
### BEGIN HIDDEN TESTS
import scipy.signal

rng = generator("03 commutes")
large = 2**58 + torch.randint(0, 1000, (3, 4), generator=rng)
for image, kernel in [
    (large, torch.tensor([[1, 2, -1], [1, -1, 3]])),
    (random_tensor(rng, 4, 5, dtype=torch.int64), random_tensor(rng, 3, 2, dtype=torch.int64)),
    (strided(random_tensor(rng, 5, 3, dtype=torch.int64)), strided(random_tensor(rng, 2, 4, dtype=torch.int64))),
    (strided(random_tensor(rng, 5, 3, dtype=torch.float64)), strided(random_tensor(rng, 2, 4, dtype=torch.float64))),
]:
    expected = torch.from_numpy(scipy.signal.convolve2d(image.numpy(), kernel.numpy(), mode="full"))
    for first, second in [(image, kernel), (kernel, image)]:
        call = f"convolve2d of {tuple(first.shape)} and {tuple(second.shape)}, {first.dtype}"
        with calling(call), forbid(CONVOLUTIONS), check_unchanged(image=first, kernel=second):
            actual = convolve2d(first, second)
        check_close(actual, expected, name=call, hint="convolve2d(a, b) equals convolve2d(b, a)")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "03_convolve2d_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: wrong numbers of dimensions, and no error where the kernel is larger.
### BEGIN HIDDEN TESTS
rng = generator("03 errors")
image, kernel = random_tensor(rng, 2, 3, dtype=torch.float64), random_tensor(rng, 3, 5, dtype=torch.float64)
expected = F.conv2d(image[None, None], kernel.flip(0, 1)[None, None], padding=(2, 4))[0, 0]
call = "convolve2d of a 2 x 3 image and a 3 x 5 kernel"
with (
    calling(call, hint="a kernel may be larger than the image"),
    forbid(CONVOLUTIONS),
    check_unchanged(image=image, kernel=kernel),
):
    actual = convolve2d(image, kernel)
check_close(actual, expected, name=call)
check_raises(ValueError, ["image"], lambda: convolve2d(image[None], kernel), name="an image of shape (1, 2, 3)")
check_raises(ValueError, ["image"], lambda: convolve2d(image[0], kernel), name="an image of shape (3,)")
check_raises(ValueError, ["kernel"], lambda: convolve2d(image, kernel[0]), name="a kernel of shape (5,)")
check_raises(ValueError, ["kernel"], lambda: convolve2d(image, kernel[None]), name="a kernel of shape (1, 3, 5)")
### END HIDDEN TESTS

# %% [markdown]
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


# %% nbgrader={"grade": false, "grade_id": "04_pad2d", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B9"]
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
wide, tall = (3, 3, 4, 6), (1, 2, 5, 3)
cases = [(0, wide), ((0, 0, 2, 1), wide), ((0, 1, 0, 0), wide), (1, tall), ((3, 0, 0, 0), tall)]
cases += [(padding, shape) for padding in (3, (1, 2, 3, 0), (7, 5, 6, 9)) for shape in (wide, tall)]
for mode, library in [("zeros", "constant"), ("replicate", "replicate")]:
    for padding, shape in cases:
        x = random_tensor(rng, *shape, dtype=torch.float64 if padding == 1 else torch.float32)
        expected = F.pad(x, (padding,) * 4 if isinstance(padding, int) else padding, mode=library)
        with calling(f"pad2d(x, {padding}, {mode!r}) of shape {shape}"), forbid(CONVOLUTIONS), check_unchanged(x=x):
            actual = pad2d(x, padding) if mode == "zeros" else pad2d(x, padding, mode)
        check_close(actual, expected, name=f"pad2d(x, {padding}, {mode!r}) of shape {shape}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "04_pad2d_reflect_circular", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: reflect and circular, one number and four, images that are not square.
### BEGIN HIDDEN TESTS
rng = generator("04 reflect and circular")
wide, tall = (3, 3, 4, 6), (1, 2, 5, 4)
cases = [(1, wide), ((3, 0, 0, 0), wide), ((0, 0, 0, 3), wide), (0, tall), ((0, 0, 2, 1), tall), ((0, 1, 0, 0), tall)]
cases += [(padding, shape) for padding in (2, 3, (1, 2, 3, 0), (2, 3, 1, 2)) for shape in (wide, tall)]
for mode in ("reflect", "circular"):
    for padding, shape in cases:
        x = random_tensor(rng, *shape, dtype=torch.float64 if padding == 1 else torch.float32)
        expected = F.pad(x, (padding,) * 4 if isinstance(padding, int) else padding, mode=mode)
        with calling(f"pad2d(x, {padding}, {mode!r}) of shape {shape}"), forbid(CONVOLUTIONS), check_unchanged(x=x):
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
    call = f"pad2d(x, {padding}, {mode!r}) of shape (1, 2, 4, 6)"
    with calling(call, hint="the greatest width that the mode allows"), forbid(CONVOLUTIONS), check_unchanged(x=x):
        actual = pad2d(x, padding, mode)
    check_close(actual, expected, name=call)
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
for mode in ("mirror", "constant"):
    check_raises(ValueError, ["mode"], lambda m=mode: pad2d(x, 1, m), name=f"mode={mode!r}")
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
# ## Exercise 5: the layer (16 points, about 90 minutes)
#
# Here it comes together: a batch of images, several channels, several filters, bias, padding, stride, dilation and groups. This
# is the function behind `nn.Conv2d`, and every convolutional network of this course consists of it for the most part. How it is
# written decides how long training takes: a loop over image, filter, row, column and kernel needs millions of small steps for
# one layer, while a view of all windows at once and one product do the same in a dozen. Fast libraries follow the second way,
# known as *im2col*. So first make it right, then let one operator handle many values.
#
# With $g$ groups of $C/g$ input and $K/g$ output channels each, and $I$ the input padded with zeros,
#
# $$ O_{nkij} = b_k + \sum_{c=0}^{C/g-1} \sum_{u,v} I_{n,\; q\,C/g + c,\; s\,i + d\,u,\; s\,j + d\,v}\; W_{kcuv},
#    \qquad q = \lfloor k\,g/K \rfloor \text{ the group of filter } k . $$
#
# **Worked example.** One image, one channel, one filter: `image5` and `plus` again give 16 at the top left; with a bias of 0.5
# it is 16.5, and with stride 2 the corners of the old output are left, 16 14 / 15 13.
#
# The reference (see the rules above) is refused. The gradients of your function have to be right too: torch finds them by itself,
# as long as you stay with tensors. At most 20,000 operators may be run for a layer of 16 filters on 16 images of 16 x 32 x 32.
# The check of the arguments is given: call it first.


# %% nbgrader={"grade": false, "grade_id": "check_conv_arguments", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
def check_conv_arguments(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int, dilation: int, groups: int
) -> None:
    """Check the arguments of `conv2d`.

    Raises:
        ValueError: a number below its least value, a wrong number of dimensions, channels, groups or bias that do not match,
            or a kernel that does not fit into the padded input. The message names an argument concerned.
    """
    for name, value, least in [
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
        ("groups", groups, 1),
    ]:
        if value < least:
            raise ValueError(f"{name} is {value}, it must be at least {least}")
    for name, tensor in [("x", x), ("weight", weight)]:
        if tensor.dim() != 4:
            raise ValueError(f"{name} must have 4 dimensions, it has {tensor.dim()}")
    if x.shape[1] != groups * weight.shape[1]:
        raise ValueError(f"x has {x.shape[1]} channels, weight and groups={groups} ask for {groups * weight.shape[1]}")
    if weight.shape[0] % groups:
        raise ValueError(f"weight has {weight.shape[0]} filters, groups={groups} does not divide them")
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise ValueError(f"bias must have shape ({weight.shape[0]},), it has {tuple(bias.shape)}")
    for size, kernel_size in zip(x.shape[2:], weight.shape[2:], strict=True):
        if dilation * (kernel_size - 1) >= size + 2 * padding:
            raise ValueError(
                f"weight: a kernel of {kernel_size}, dilation {dilation}, does not fit into {size + 2 * padding} pixels"
            )


# %% nbgrader={"grade": false, "grade_id": "05_conv2d", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B6", "topic:B8", "topic:B10"]
def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """A convolution layer (cross-correlation, zero padding).

    Args:
        x: images, shape (N, C, H, W), float32 or float64.
        weight: filters, shape (K, C / groups, kH, kW).
        bias: shape (K,), or None.
        stride: step between two windows, in both directions.
        padding: zeros added on all four sides.
        dilation: step between two entries of the kernel.
        groups: number of groups of channels; filters of a group see its channels only.

    Returns:
        Shape (N, K, H_out, W_out), sizes as in exercise 1, of the dtype and device of `x`; differentiable.

    Raises:
        ValueError: see `check_conv_arguments`.

    Example:
        >>> conv2d(torch.ones(1, 2, 3, 3), torch.ones(1, 2, 2, 2), torch.tensor([0.5]))
        tensor([[[[8.5000, 8.5000],
                  [8.5000, 8.5000]]]])
    """
    ### BEGIN SOLUTION
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    (batch, channels, height, width), (filters, _, kernel_height, kernel_width) = x.shape, weight.shape
    padded = x.new_zeros(batch, channels, height + 2 * padding, width + 2 * padding)
    padded[:, :, padding : padding + height, padding : padding + width] = x
    windows = padded.unfold(2, dilation * (kernel_height - 1) + 1, stride).unfold(
        3, dilation * (kernel_width - 1) + 1, stride
    )
    windows = windows[..., ::dilation, ::dilation].unflatten(1, (groups, channels // groups))
    output = torch.einsum("ngcijuv,gkcuv->ngkij", windows, weight.unflatten(0, (groups, filters // groups)))
    output = output.flatten(1, 2)
    return output if bias is None else output + bias[:, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: where to begin</summary>
#
# Begin without padding, stride, dilation and groups: loop over the positions of the output, take the window of all images at
# once, shape (N, C, kH, kW), and multiply it with all filters at once, `torch.einsum("ncuv,kcuv->nk", window, weight)`. That is
# right and already fast enough. Then add one argument after the other.
# </details>
# <details><summary>Hint: dealing with dilation and stride</summary>
#
# The window at output (i, j) starts at row `i * stride` and column `j * stride` of the padded input, and takes every
# `dilation`-th pixel: `padded[:, :, top : top + span : dilation, ...]` with the span of exercise 1.
# </details>
# <details><summary>Hint: dealing with groups</summary>
#
# A layer with g groups is g layers side by side. Either loop over the groups and `torch.cat` the results, or give input and filters
# an axis for the group and let it stand on both sides of the einsum.
# </details>
# <details><summary>Help: I get "a leaf Variable that requires grad is being used in an in-place operation"</summary>
#
# You write into `x` or `weight`. Write into a new tensor of zeros.
# </details>
# <details><summary>Help: the gradient test says that a gradient is None</summary>
#
# Somewhere the chain of tensors breaks: `.item()`, `.data`, `.detach()`, `.numpy()` or `torch.tensor(...)` on the way from the
# argument to the result.
# </details>

# %% nbgrader={"grade": true, "grade_id": "05_conv2d_visible", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
expected = torch.tensor([[16.5, 14.5], [15.5, 13.5]])[None, None]
with trying("5 conv2d", "the 5 x 5 example"), forbid(CONVOLUTIONS):
    actual = conv2d(image5[None, None], plus[None, None], torch.tensor([0.5]), stride=2)
    check_close(actual, expected, name="conv2d(image5, plus, bias 0.5, stride=2)", hint="16 + 0.5 at the top left")

rng = generator("05 visible")
for kwargs in [{}, {"padding": 1}, {"stride": 2, "padding": 1}, {"dilation": 2}]:
    x, weight, bias = random_tensor(rng, 2, 3, 7, 8), random_tensor(rng, 4, 3, 3, 2), random_tensor(rng, 4)
    expected = F.conv2d(x, weight, bias, **kwargs)
    mistakes = {
        "the kernels were flipped": F.conv2d(x, weight.flip(2, 3), bias, **kwargs),
        "the bias is missing": expected - bias[:, None, None],
    }
    with (
        trying("5 conv2d", f"two images, {kwargs or 'no options'}"),
        forbid(CONVOLUTIONS),
        check_unchanged(x=x, weight=weight, bias=bias),
    ):
        actual = conv2d(x, weight, bias, **kwargs)
        check_close(actual, expected, name=f"conv2d(x, weight, bias, {kwargs})", mistakes=mistakes)

x, weight = random_tensor(rng, 2, 4, 5, 6), random_tensor(rng, 6, 2, 3, 3)
expected = F.conv2d(x, weight, groups=2)
with trying("5 conv2d", "two groups"), forbid(CONVOLUTIONS), check_unchanged(x=x, weight=weight):
    hint = "filters 0 to 2 see channels 0 and 1, filters 3 to 5 channels 2 and 3"
    check_close(
        conv2d(x, weight, groups=2), expected, name="conv2d(x, weight, groups=2), 4 channels, 6 filters", hint=hint
    )

# %% nbgrader={"grade": true, "grade_id": "05_conv2d_random", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden test: random settings in float32 and float64, non-contiguous input.
### BEGIN HIDDEN TESTS
rng = generator("05 random")


def draw(low, high):
    return int(torch.randint(low, high + 1, (), generator=rng))


for case in range(14):
    groups, stride, padding, dilation = draw(1, 3), draw(1, 3), draw(0, 2), draw(1, 2)
    kernel_height, kernel_width = draw(1, 3), draw(1, 3)
    height, width = draw(5, 7), draw(5, 8)
    dtype = torch.float64 if case % 3 == 0 else torch.float32
    x = random_tensor(rng, draw(1, 3), groups * draw(1, 2), height, width, dtype=dtype)
    filters = groups * draw(1, 2)
    weight = random_tensor(rng, filters, x.shape[1] // groups, kernel_height, kernel_width, dtype=dtype)
    bias = random_tensor(rng, filters, dtype=dtype) if case % 2 else None
    if case % 4 == 1:
        x, weight = strided(x), strided(weight)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    expected = F.conv2d(x, weight, bias, **settings)
    arguments = {"x": x, "weight": weight} | ({} if bias is None else {"bias": bias})
    with forbid(CONVOLUTIONS), check_unchanged(**arguments):
        actual = conv2d(x, weight, bias, **settings)
    check_close(actual, expected, name=f"conv2d of {tuple(x.shape)} and {tuple(weight.shape)}, {settings}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "05_conv2d_built", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden test: settings chosen to be difficult.
### BEGIN HIDDEN TESTS
rng = generator("05 built")
for x_shape, weight_shape, settings in [
    ((2, 2, 9, 11), (3, 2, 3, 2), {"stride": 2, "dilation": 3}),
    ((1, 2, 11, 8), (2, 2, 2, 3), {"stride": 3, "dilation": 2, "padding": 1}),
    ((2, 4, 6, 5), (6, 2, 3, 2), {"groups": 2, "padding": 1}),
    ((1, 3, 6, 7), (3, 1, 3, 3), {"groups": 3, "stride": 2, "padding": 1}),
    ((2, 3, 5, 6), (6, 1, 2, 3), {"groups": 3, "dilation": 2, "padding": 2}),
    ((2, 6, 5, 5), (4, 3, 1, 3), {"groups": 2, "stride": 2}),
    ((2, 3, 4, 6), (5, 3, 4, 6), {}),
    ((1, 2, 6, 5), (4, 2, 3, 2), {}),  # four rows, four columns, four filters
    ((3, 2, 5, 6), (4, 2, 3, 3), {"padding": 0}),  # as many columns as filters
    ((2, 3, 4, 5), (2, 3, 1, 1), {"stride": 3}),
    ((1, 1, 2, 3), (2, 1, 3, 3), {"padding": 2}),
    ((4, 1, 6, 7), (2, 1, 5, 5), {"padding": 2}),  # a large square kernel, four images
    ((2, 2, 8, 6), (2, 2, 3, 3), {"stride": 3}),  # the last rows are never reached
]:
    x = random_tensor(rng, *x_shape, dtype=torch.float64)
    weight, bias = (
        random_tensor(rng, *weight_shape, dtype=torch.float64),
        random_tensor(rng, weight_shape[0], dtype=torch.float64),
    )
    expected = F.conv2d(x, weight, bias, **settings)
    with forbid(CONVOLUTIONS), check_unchanged(x=x, weight=weight, bias=bias):
        actual = conv2d(x, weight, bias, **settings)
    check_close(actual, expected, name=f"conv2d of {x_shape} and {weight_shape}, {settings}")
for settings in [(2, 1, 1, 1), (2, 1, 3, 2)]:  # the order of the arguments
    channels = 4 // settings[3]
    x = random_tensor(rng, 2, 4, 9, 8, dtype=torch.float64)
    weight, bias = random_tensor(rng, 6, channels, 3, 2, dtype=torch.float64), random_tensor(rng, 6).double()
    expected = F.conv2d(x, weight, bias, *settings)
    with forbid(CONVOLUTIONS), check_unchanged(x=x, weight=weight, bias=bias):
        actual = conv2d(x, weight, bias, *settings)
    check_close(actual, expected, name=f"conv2d(x, weight, bias, {', '.join(map(str, settings))})")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "05_conv2d_gradients", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the gradients of x, weight and bias through autograd.
### BEGIN HIDDEN TESTS
rng = generator("05 gradients")
for x_shape, weight_shape, settings, zeros in [
    ((2, 3, 5, 6), (4, 3, 3, 2), {"padding": 1}, ""),
    ((2, 4, 7, 6), (4, 2, 2, 3), {"stride": 2, "groups": 2}, ""),
    ((1, 2, 8, 7), (3, 2, 3, 2), {"stride": 2, "dilation": 2, "padding": 1}, ""),
    ((2, 1, 4, 5), (2, 1, 3, 3), {}, "bias"),  # as many networks begin: zeros have a gradient like other values
    ((3, 1, 4, 5), (2, 1, 1, 1), {}, "weight"),
    ((1, 2, 4, 3), (2, 2, 2, 2), {}, "x"),
]:
    tensors = {
        "x": random_tensor(rng, *x_shape, dtype=torch.float64),
        "weight": random_tensor(rng, *weight_shape, dtype=torch.float64),
        "bias": random_tensor(rng, weight_shape[0], dtype=torch.float64),
    }
    tensors |= {name: torch.zeros_like(tensor) for name, tensor in tensors.items() if name == zeros}
    leaves = [tensor.clone().requires_grad_() for tensor in tensors.values()]
    expected = F.conv2d(*leaves, **settings)
    upstream = random_tensor(rng, *expected.shape, dtype=torch.float64)
    gradients = torch.autograd.grad(expected, leaves, upstream)
    leaves = [tensor.clone().requires_grad_() for tensor in tensors.values()]
    with forbid(CONVOLUTIONS), check_unchanged(**dict(zip(tensors, leaves, strict=True))):
        actual = conv2d(*leaves, **settings)
    check_close(actual, expected, name=f"conv2d of {x_shape} and {weight_shape}, {settings}")
    check_equal(actual.requires_grad, True, name="requires_grad of the result", hint="stay with tensors all the way")
    (actual * upstream).sum().backward()
    for (name, _), leaf, gradient in zip(tensors.items(), leaves, gradients, strict=True):
        what = f", {zeros} all zeros" if zeros else ""
        check_gradient(leaf.grad, gradient, name=f"the gradient of {name}, {settings}{what}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "05_conv2d_cost", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: at most 20,000 operators for 16 filters of 3 x 3 on 16 images of 16 x 32 x 32, padding 1.
### BEGIN HIDDEN TESTS
rng = generator("05 cost")
x, weight, bias = random_tensor(rng, 16, 16, 32, 32), random_tensor(rng, 16, 16, 3, 3), random_tensor(rng, 16)
expected = F.conv2d(x, weight, bias, padding=1)
with forbid(CONVOLUTIONS), check_unchanged(x=x, weight=weight, bias=bias), count_operators(limit=20_000):
    actual = conv2d(x, weight, bias, padding=1)
check_close(actual, expected, name="conv2d of (16, 16, 32, 32) and (16, 16, 3, 3), padding=1")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "05_conv2d_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: arguments that do not match.
### BEGIN HIDDEN TESTS
rng = generator("05 errors")
x, weight, bias = random_tensor(rng, 2, 4, 6, 5), random_tensor(rng, 6, 2, 3, 2), random_tensor(rng, 6)
expected = F.conv2d(x, weight, bias, groups=2)
with forbid(CONVOLUTIONS), check_unchanged(x=x, weight=weight, bias=bias):
    actual = conv2d(x, weight, bias, groups=2)
check_close(actual, expected, name="conv2d(x, weight, bias, groups=2)")
good = {"x": x, "weight": weight, "bias": bias, "groups": 2}
for names, bad in [
    (["stride"], {"stride": 0}),
    (["padding"], {"padding": -1}),
    (["dilation"], {"dilation": 0}),
    (["groups"], {"groups": 0}),
    (["x", "weight", "groups"], {"groups": 1}),
    (["x", "weight", "groups"], {"x": x[:, :3]}),
    (["weight", "groups"], {"weight": weight[:5], "bias": bias[:5]}),
    (["bias", "weight"], {"bias": bias[:5]}),
    (["bias"], {"bias": bias[None]}),
    (["x"], {"x": x[0]}),
    (["x"], {"x": random_tensor(rng, 2, 4, 5)}),  # its axis 1 has as many entries as there are channels
    (["x"], {"x": random_tensor(rng, 4, 4, 5)}),
    (["weight"], {"weight": weight[0]}),
    (["x", "weight", "dilation", "padding"], {"dilation": 3}),
    (["x", "weight", "dilation", "padding"], {"weight": random_tensor(rng, 6, 2, 3, 6)}),
]:
    shown = [f"{n}={tuple(v.shape) if isinstance(v, Tensor) else v}" for n, v in (good | bad).items()]
    check_raises(ValueError, names, lambda b=bad: conv2d(**(good | b)), name=f"conv2d with {', '.join(shown)}")
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 6: the gradient of a convolution (14 points, about 75 minutes)
#
# Training is nothing but this: a loss says how each output should change, and the layer has to say what that means for its
# input, its weights and its bias. Frameworks do it for you, which is why it pays to have done it once by hand. Two things become
# visible. The gradient of the weights is itself a correlation, of the input with the gradient of the output. And the gradient of
# the input spreads every output's gradient back over the window that it came from: a transposed convolution, the operation that
# enlarges images in segmentation and generation networks.
#
# With $G = \partial L / \partial O$, $I$ the padded input, $s$ the stride:
#
# $$ \frac{\partial L}{\partial W_{kcuv}} = \sum_{n,i,j} G_{nkij}\, I_{n,c,\,si+u,\,sj+v} \qquad
#    \frac{\partial L}{\partial I_{ncab}} = \sum_{k} \sum_{\substack{i,u:\; si+u=a \\ j,v:\; sj+v=b}} G_{nkij}\, W_{kcuv} \qquad
#    \frac{\partial L}{\partial b_k} = \sum_{n,i,j} G_{nkij} $$
#
# and the gradient of `x` is that of $I$ without its border.
#
# **Worked example.** A 2 x 2 kernel of ones on a 3 x 3 image, $G$ all ones: each pixel receives as many ones as there are windows
# that hold it, 1 2 1 / 2 4 2 / 1 2 1.
#
# The reference (see the rules above) is refused, and here also autograd: `torch.autograd`, `backward`, `torch.func`. The arguments carry no
# gradient, and the tests run your function under `torch.inference_mode()`. The check of the arguments is given: call it first.


# %% nbgrader={"grade": false, "grade_id": "check_grad_output", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
def check_grad_output(grad_output: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> None:
    """Check the arguments of `conv2d_backward`.

    Raises:
        ValueError: what `check_conv_arguments` refuses, or a `grad_output` whose shape is not that of the layer's output.
            The message names an argument concerned.
    """
    check_conv_arguments(x, weight, None, stride, padding, 1, 1)
    if grad_output.dim() != 4 or grad_output.shape[:2] != (x.shape[0], weight.shape[0]):
        raise ValueError(
            f"grad_output must have shape ({x.shape[0]}, {weight.shape[0]}, H_out, W_out), it has {tuple(grad_output.shape)}"
        )
    for size, kernel_size, positions in zip(x.shape[2:], weight.shape[2:], grad_output.shape[2:], strict=True):
        last = (positions - 1) * stride + kernel_size  # where the last window ends
        if not last <= size + 2 * padding < last + stride:
            raise ValueError(
                f"grad_output: {positions} positions do not fit size {size}, kernel {kernel_size}, stride {stride}, padding {padding}"
            )


# %% nbgrader={"grade": false, "grade_id": "06_conv2d_backward", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B7"]
def conv2d_backward(
    grad_output: Tensor, x: Tensor, weight: Tensor, stride: int = 1, padding: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of a convolution layer (zero padding, no dilation, one group).

    Args:
        grad_output: gradient of the loss with respect to the output, shape (N, K, H_out, W_out), float32 or float64.
        x: the layer's input, shape (N, C, H, W).
        weight: its filters, shape (K, C, kH, kW).
        stride: its stride.
        padding: its zero padding.

    Returns:
        (dx, dw, db): the gradients with respect to `x`, `weight` and the bias, shapes (N, C, H, W), (K, C, kH, kW) and (K,).

    Raises:
        ValueError: see `check_grad_output`.

    Example:
        >>> dx, dw, db = conv2d_backward(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
        >>> dx[0, 0]
        tensor([[1., 2., 1.],
                [2., 4., 2.],
                [1., 2., 1.]])
    """
    ### BEGIN SOLUTION
    check_grad_output(grad_output, x, weight, stride, padding)
    (height, width), (rows, columns) = x.shape[2:], grad_output.shape[2:]
    padded = x.new_zeros(*x.shape[:2], height + 2 * padding, width + 2 * padding)
    padded[:, :, padding : padding + height, padding : padding + width] = x
    d_padded, dw = torch.zeros_like(padded), torch.zeros_like(weight)
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            met = (..., slice(u, u + stride * rows, stride), slice(v, v + stride * columns, stride))
            dw[:, :, u, v] = torch.einsum("nkij,ncij->kc", grad_output, padded[met])
            d_padded[met] += torch.einsum("nkij,kc->ncij", grad_output, weight[:, :, u, v])
    dx = d_padded[:, :, padding : padding + height, padding : padding + width]
    return dx, dw, grad_output.sum((0, 2, 3))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: one entry of the kernel at a time</summary>
#
# Fix $(u, v)$. The pixels that meet this entry are a regular grid, `padded[:, :, u : u + stride * rows : stride, ...]`, of the same
# shape as the output. One einsum of the gradient with them gives `dw[:, :, u, v]`, and one with `weight[:, :, u, v]` is what this
# entry adds to the gradient of exactly these pixels. Two loops over the kernel are enough.
# </details>
# <details><summary>Hint: rows that no window reaches</summary>
#
# Their gradient is 0. If you make the gradient of the padded input first, as zeros in its full size, they take care of themselves;
# if you compute its size back from `grad_output`, they are missing.
# </details>
# <details><summary>Help: dx is right inside and wrong near the border</summary>
#
# Either the padding was cut off from one side only, or contributions were assigned (`=`) where windows overlap instead of added (`+=`).
# </details>

# %% nbgrader={"grade": true, "grade_id": "06_conv2d_backward_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
with trying("6 conv2d_backward", "worked example"), forbid(CONVOLUTIONS, AUTOGRAD):
    actual = conv2d_backward(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    check_results(actual, tuple, 3, name="conv2d_backward(...)", hint="return dx, dw, db")
    dx, dw, db = actual
    check_close(dx, torch.tensor([[[[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]]]), name="dx", hint="add where windows overlap")
    check_close(dw, torch.full((1, 1, 2, 2), 4.0), name="dw", hint="each entry of the kernel meets four pixels")
    check_close(db, torch.tensor([4.0]), name="db", hint="the sum of grad_output over images, rows and columns")

rng = generator("06 visible")
for stride, padding in [(1, 0), (1, 1), (2, 1)]:
    x, weight = random_tensor(rng, 2, 3, 6, 5, dtype=torch.float64), random_tensor(rng, 4, 3, 3, 2, dtype=torch.float64)
    leaves = [
        x.clone().requires_grad_(),
        weight.clone().requires_grad_(),
        torch.zeros(4, dtype=torch.float64, requires_grad=True),
    ]
    output = F.conv2d(*leaves, stride, padding)
    grad_output = random_tensor(rng, *output.shape, dtype=torch.float64)
    expected = torch.autograd.grad(output, leaves, grad_output)
    with (
        trying("6 conv2d_backward", f"stride {stride}, padding {padding}"),
        forbid(CONVOLUTIONS, AUTOGRAD),
        check_unchanged(grad_output=grad_output, x=x, weight=weight),
        torch.inference_mode(),
    ):
        actual = conv2d_backward(grad_output, x, weight, stride, padding)
        check_results(actual, tuple, 3, name="conv2d_backward(...)", hint="return dx, dw, db")
        for name, gradient, right in zip(("dx", "dw", "db"), actual, expected, strict=True):
            mean = {"the gradients of the batch were averaged instead of added": right / 2}
            check_close(gradient, right, name=f"{name}, stride {stride}, padding {padding}", mistakes=mean)

# %% nbgrader={"grade": true, "grade_id": "06_conv2d_backward_dx", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the gradient of x for strides 1 to 3, paddings 0 to 2, kernels that are not square.
### BEGIN HIDDEN TESTS
rng = generator("06 dx")
sizes = {1: ((5, 6), (2, 3)), 2: ((8, 7), (3, 2)), 3: ((9, 8), (2, 3))}  # strides 2 and 3 leave rows or columns over
cases = [(stride, padding, *sizes[stride]) for stride in (1, 2, 3) for padding in (0, 1, 2)]
cases += [(1, 0, (3, 4), (3, 4)), (2, 0, (4, 5), (1, 1)), (3, 1, (5, 7), (1, 2))]
cases += [(1, 1, (4, 5), (3, 3)), (2, 0, (5, 4), (2, 2)), (1, 2, (4, 3), (5, 5))]  # square kernels
for stride, padding, image, kernel in cases:
    dtype = torch.float32 if padding == 1 else torch.float64
    x = random_tensor(rng, 3 if kernel[0] == kernel[1] else 2, 3, *image, dtype=dtype)
    weight = random_tensor(rng, 4, 3, *kernel, dtype=dtype)
    leaf = x.clone().requires_grad_()
    output = F.conv2d(leaf, weight, None, stride, padding)
    grad_output = random_tensor(rng, *output.shape, dtype=dtype)
    (expected,) = torch.autograd.grad(output, leaf, grad_output)
    with (
        forbid(CONVOLUTIONS, AUTOGRAD),
        check_unchanged(grad_output=grad_output, x=x, weight=weight),
        torch.inference_mode(),
    ):
        actual = conv2d_backward(grad_output, x, weight, stride, padding)
    check_results(tuple(actual) if isinstance(actual, list) else actual, tuple, 3, name="conv2d_backward(...)")
    check_close(actual[0], expected, name=f"dx, stride {stride}, padding {padding}, image {image}, kernel {kernel}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "06_conv2d_backward_dw", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the gradient of the weights for the same settings, non-contiguous arguments among them.
### BEGIN HIDDEN TESTS
rng = generator("06 dw")
sizes = {1: ((5, 6), (2, 3)), 2: ((8, 7), (3, 2)), 3: ((9, 8), (2, 3))}
cases = [(stride, padding, *sizes[stride]) for stride in (1, 2, 3) for padding in (0, 1, 2)]
cases += [(1, 0, (3, 4), (3, 4)), (2, 0, (4, 5), (1, 1)), (3, 1, (5, 7), (1, 2))]
cases += [(1, 1, (4, 5), (3, 3)), (2, 0, (5, 4), (2, 2)), (1, 2, (4, 3), (5, 5))]  # square kernels
for stride, padding, image, kernel in cases:
    dtype = torch.float32 if padding == 1 else torch.float64
    x = random_tensor(rng, 3 if kernel[0] == kernel[1] else 2, 3, *image, dtype=dtype)
    weight = random_tensor(rng, 4, 3, *kernel, dtype=dtype)
    leaf = weight.clone().requires_grad_()
    output = F.conv2d(x, leaf, None, stride, padding)
    grad_output = random_tensor(rng, *output.shape, dtype=dtype)
    (expected,) = torch.autograd.grad(output, leaf, grad_output)
    if padding == 2:
        x, weight, grad_output = strided(x), strided(weight), strided(grad_output)
    with (
        forbid(CONVOLUTIONS, AUTOGRAD),
        check_unchanged(grad_output=grad_output, x=x, weight=weight),
        torch.inference_mode(),
    ):
        actual = conv2d_backward(grad_output, x, weight, stride, padding)
    check_results(tuple(actual) if isinstance(actual, list) else actual, tuple, 3, name="conv2d_backward(...)")
    check_close(actual[1], expected, name=f"dw, stride {stride}, padding {padding}, image {image}, kernel {kernel}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "06_conv2d_backward_db", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the gradient of the bias, and what the result looks like.
### BEGIN HIDDEN TESTS
rng = generator("06 db")
for stride, padding in [(1, 0), (2, 1)]:
    for dtype in (torch.float32, torch.float64):
        x, weight = random_tensor(rng, 3, 2, 5, 6, dtype=dtype), random_tensor(rng, 4, 2, 3, 3, dtype=dtype)
        grad_output = random_tensor(rng, *F.conv2d(x, weight, None, stride, padding).shape, dtype=dtype)
        expected = grad_output.sum(3).sum(2).sum(0)
        with (
            forbid(CONVOLUTIONS, AUTOGRAD),
            check_unchanged(grad_output=grad_output, x=x, weight=weight),
            torch.inference_mode(),
        ):
            actual = conv2d_backward(grad_output, x, weight, stride, padding)
        check_results(actual, tuple, 3, name="conv2d_backward(...)", hint="return dx, dw, db")
        check_close(actual[2], expected, name=f"db, stride {stride}, padding {padding}")
        check_tensor(actual[0], x.shape, dtype, name="dx")
        check_tensor(actual[1], weight.shape, dtype, name="dw")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "06_conv2d_backward_differences", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: finite differences in float64, and linearity in grad_output.
### BEGIN HIDDEN TESTS
rng = generator("06 differences")
x, weight = random_tensor(rng, 1, 2, 4, 5, dtype=torch.float64), random_tensor(rng, 2, 2, 2, 3, dtype=torch.float64)
bias = random_tensor(rng, 2, dtype=torch.float64)
first, second = (random_tensor(rng, *F.conv2d(x, weight, bias, 2, 1).shape, dtype=torch.float64) for _ in range(2))
quotients = []
for position in range(3):
    parameters = [x, weight, bias]
    quotient = torch.zeros_like(parameters[position]).flatten()
    for i in range(quotient.numel()):
        step = torch.zeros_like(quotient)
        step[i] = 1e-4
        step = step.reshape(parameters[position].shape)
        ahead, behind = (
            [*parameters[:position], parameters[position] + s, *parameters[position + 1 :]] for s in (step, -step)
        )
        difference = F.conv2d(*ahead, 2, 1) - F.conv2d(*behind, 2, 1)
        quotient[i] = (first * difference).sum() / 2e-4
    quotients.append(quotient.reshape(parameters[position].shape))
both = 2 * first - 3 * second
with (
    forbid(CONVOLUTIONS, AUTOGRAD),
    check_unchanged(grad_output=first, second=second, both=both, x=x, weight=weight),
    torch.inference_mode(),
):
    of_first, of_second, of_both = results = [conv2d_backward(g, x, weight, 2, 1) for g in (first, second, both)]
for result in results:
    check_results(tuple(result) if isinstance(result, list) else result, tuple, 3, name="conv2d_backward(...)")
for name, one, two, both, expected in zip(("dx", "dw", "db"), of_first, of_second, of_both, quotients, strict=True):
    check_close(one, expected, name=f"{name} against finite differences", rtol=1e-7, atol=1e-7)
    check_close(both, 2 * one - 3 * two, name=f"{name} for a sum of gradients")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "06_conv2d_backward_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: a grad_output of the wrong shape, and other arguments that do not match.
### BEGIN HIDDEN TESTS
rng = generator("06 errors")
x, weight = random_tensor(rng, 2, 3, 6, 5, dtype=torch.float64), random_tensor(rng, 4, 3, 3, 2, dtype=torch.float64)
leaf = x.clone().requires_grad_()
output = F.conv2d(leaf, weight, None, 2, 1)
grad_output = random_tensor(rng, *output.shape, dtype=torch.float64)
(expected,) = torch.autograd.grad(output, leaf, grad_output)
with forbid(CONVOLUTIONS, AUTOGRAD), check_unchanged(grad_output=grad_output, x=x, weight=weight):
    actual = conv2d_backward(grad_output, x, weight, 2, 1)
check_results(tuple(actual) if isinstance(actual, list) else actual, tuple, 3, name="conv2d_backward(...)")
check_close(actual[0], expected, name="dx, stride 2, padding 1")
good = {"grad_output": grad_output, "x": x, "weight": weight, "stride": 2, "padding": 1}
for names, bad in [
    (["grad_output", "x", "weight", "stride", "padding"], {"grad_output": grad_output[:, :, :-1]}),
    (["grad_output", "x", "weight", "stride", "padding"], {"grad_output": grad_output[..., :-1]}),
    (["grad_output", "weight"], {"grad_output": grad_output[:, :3]}),
    (["grad_output", "x"], {"grad_output": grad_output[:1]}),
    (["grad_output"], {"grad_output": grad_output[0]}),
    (["x", "weight"], {"x": x[:, :2]}),
    (["x"], {"x": x[0]}),
    (["x", "grad_output"], {"x": random_tensor(rng, 2, 3, 5, dtype=torch.float64)}),  # three rows, three channels
    (["weight"], {"weight": weight[0]}),
    (["stride"], {"stride": 0}),
    (["padding"], {"padding": -1}),
]:
    shown = [f"{n}={tuple(v.shape) if isinstance(v, Tensor) else v}" for n, v in (good | bad).items()]
    call = f"conv2d_backward with {', '.join(shown)}"
    check_raises(ValueError, names, lambda b=bad: conv2d_backward(**(good | b)), name=call)
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 7: the convolution as a matrix (8 points, about 30 minutes)
#
# A correlation with a fixed kernel is linear in the image. So there is a matrix $W$ with $O = W x$, where the image is unrolled
# into one long vector, and writing it down shows at a glance what sets a convolution layer apart from a fully connected one.
# Nearly all entries are zero: each output looks at a few pixels only (sparse interactions). And every row holds the same few
# numbers, shifted (shared parameters). The transpose $W^\top$ maps outputs back to images: it is the transposed convolution, and
# you have met it in exercise 6 as the gradient of the input.
#
# For a valid correlation of an $H \times W$ image, unrolled row by row, output $(i, j)$ is row $i\,W_\text{out} + j$ of the
# matrix, and
#
# $$ W_{\,i W_\text{out} + j,\;\; (i+u)\,W + (j+v)} = K_{uv}, \qquad \text{all other entries } 0 . $$
#
# **Worked example.** The Laplacian `0 1 0 / 1 -4 1 / 0 1 0` on the 6 x 6 image: 16 outputs, 36 pixels, so 16 x 36 entries, of
# which 16 · 5 = 80 are not zero.
#
# The reference (see the rules above) is refused.


# %% nbgrader={"grade": false, "grade_id": "07_convolution_matrix", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B11"]
def convolution_matrix(kernel: Tensor, height: int, width: int) -> Tensor:
    """The matrix of a valid cross-correlation with `kernel` on images of height x width.

    Args:
        kernel: shape (kH, kW), float32, float64 or int64.
        height: rows of the image.
        width: columns of the image.

    Returns:
        A dense tensor W of shape ((height - kH + 1) * (width - kW + 1), height * width) and of the kernel's dtype and device,
        such that `W @ image.flatten()` is the flattened output, row by row.

    Raises:
        ValueError: `kernel` has not two dimensions, `height` or `width` is below 1, or the kernel does not fit into the image.
            The message names an argument concerned.

    Example:
        >>> convolution_matrix(torch.tensor([[1, 2]]), 1, 3)
        tensor([[1, 2, 0],
                [0, 1, 2]])
    """
    ### BEGIN SOLUTION
    if kernel.dim() != 2:
        raise ValueError(f"kernel must have 2 dimensions, it has {kernel.dim()}")
    if min(height, width) < 1:
        raise ValueError(f"height and width must be at least 1, they are {height} and {width}")
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    if min(rows, columns) < 1:
        raise ValueError(f"kernel {tuple(kernel.shape)} does not fit into {height} x {width}")
    matrix = kernel.new_zeros(rows, columns, height, width)
    for i in range(rows):
        for j in range(columns):
            matrix[i, j, i : i + kernel.shape[0], j : j + kernel.shape[1]] = kernel
    return matrix.reshape(rows * columns, height * width)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: four indices first, two at the end</summary>
#
# Make a tensor of zeros with the shape (H_out, W_out, H, W). Its entry [i, j] is a whole image: lay the kernel there at row i and
# column j. A `reshape` at the end makes the matrix of it.
# </details>

# %% nbgrader={"grade": true, "grade_id": "07_convolution_matrix_visible", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
laplacian = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
expected = torch.tensor([[-30.0, -1, 23, -7], [24, 7, -2, 1], [-10, -1, -1, -15], [13, -11, -5, 13]])
with trying("7 convolution_matrix", "the Laplacian"), forbid(CONVOLUTIONS):
    matrix = convolution_matrix(laplacian, 6, 6)
    check_tensor(matrix, (16, 36), torch.float32, name="the matrix of a 3 x 3 kernel on 6 x 6", hint="outputs x pixels")
    check_equal(
        int((matrix != 0).sum()), 80, name="the number of entries that are not zero", hint="5 in each of 16 rows"
    )
    check_close((matrix @ image6.flatten()).reshape(4, 4), expected, name="W @ image6.flatten()")

rng = generator("07 visible")
kernel, image = random_tensor(rng, 2, 3, dtype=torch.float64), random_tensor(rng, 4, 6, dtype=torch.float64)
expected = F.conv2d(image[None, None], kernel[None, None]).flatten()
flipped = F.conv2d(image[None, None], kernel.flip(0, 1)[None, None]).flatten()
with trying("7 convolution_matrix", "not square"), forbid(CONVOLUTIONS), check_unchanged(kernel=kernel):
    matrix = convolution_matrix(kernel=kernel, height=4, width=6)
    check_tensor(matrix, (12, 24), torch.float64, name="the matrix of a 2 x 3 kernel on 4 x 6")
    actual = matrix @ image.flatten()
    mistakes = {"the kernel was flipped": flipped}
    check_close(actual, expected, name="W @ image.flatten() for a 2 x 3 kernel on 4 x 6", mistakes=mistakes)

# %% nbgrader={"grade": true, "grade_id": "07_convolution_matrix_random", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: kernels and images that are not square, in three dtypes.
### BEGIN HIDDEN TESTS
rng = generator("07 random")
for kernel_shape, image_shape in [
    ((3, 2), (5, 4)),
    ((2, 4), (3, 7)),
    ((1, 1), (2, 3)),
    ((4, 3), (4, 3)),
    ((1, 3), (4, 4)),
    ((3, 3), (6, 4)),
]:
    for dtype in (torch.float32, torch.float64, torch.int64):
        kernel, image = random_tensor(rng, *kernel_shape, dtype=dtype), random_tensor(rng, *image_shape, dtype=dtype)
        basis = torch.eye(image.numel(), dtype=dtype).reshape(-1, 1, *image_shape)
        expected = F.conv2d(basis, kernel[None, None]).flatten(1).T.contiguous()
        result = F.conv2d(image[None, None], kernel[None, None]).flatten()
        with forbid(CONVOLUTIONS), check_unchanged(kernel=kernel):
            actual = convolution_matrix(kernel, *image_shape)
        check_close(actual, expected, name=f"convolution_matrix of {kernel_shape} on {image_shape}, {dtype}")
        check_close(actual @ image.flatten(), result, name="W @ x.flatten()")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "07_convolution_matrix_sharing", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: shared parameters, large integers, a non-contiguous kernel.
### BEGIN HIDDEN TESTS
rng = generator("07 sharing")
for kernel in (
    2**60 + torch.randperm(1000, generator=rng)[:6].reshape(2, 3),
    strided((1 + torch.randperm(50, generator=rng)[:6]).reshape(3, 2).double()),
):
    basis = torch.eye(20, dtype=kernel.dtype).reshape(-1, 1, 4, 5)
    expected = F.conv2d(basis, kernel[None, None]).flatten(1).T.contiguous()
    distinct = kernel.flatten().unique()
    with forbid(CONVOLUTIONS), check_unchanged(kernel=kernel):
        actual = convolution_matrix(kernel, 4, 5)
    check_close(actual, expected, name="convolution_matrix on 4 x 5")
    values = actual[actual != 0].unique()
    check_close(values, distinct, name="the distinct values that are not zero", hint="exactly the kernel's")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "07_convolution_matrix_transpose", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the transpose is the transposed convolution.
### BEGIN HIDDEN TESTS
rng = generator("07 transpose")
for kernel_shape, (height, width) in [((2, 3), (5, 4)), ((3, 1), (4, 6)), ((3, 3), (5, 5))]:
    kernel = random_tensor(rng, *kernel_shape, dtype=torch.float64)
    y = random_tensor(rng, height - kernel_shape[0] + 1, width - kernel_shape[1] + 1, dtype=torch.float64)
    expected = F.conv_transpose2d(y[None, None], kernel[None, None])[0, 0]
    with forbid(CONVOLUTIONS), check_unchanged(kernel=kernel):
        matrix = convolution_matrix(kernel, height, width)
    check_tensor(matrix, (y.numel(), height * width), torch.float64, name=f"the matrix on {height} x {width}")
    actual = (matrix.T @ y.flatten()).reshape(height, width)
    check_close(actual, expected, name=f"W.T @ y.flatten() for a kernel {kernel_shape} on {height} x {width}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "07_convolution_matrix_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: kernels that do not fit, sizes below 1.
### BEGIN HIDDEN TESTS
kernel = torch.tensor([[1, 2, 3], [4, 5, 6]])
expected = torch.tensor([[1, 2, 3, 0, 4, 5, 6, 0], [0, 1, 2, 3, 0, 4, 5, 6]])
with forbid(CONVOLUTIONS), check_unchanged(kernel=kernel):
    actual = convolution_matrix(kernel, 2, 4)
check_close(actual, expected, name="convolution_matrix of a 2 x 3 kernel on 2 x 4")
names = ["kernel", "height", "width"]
check_raises(ValueError, names, lambda: convolution_matrix(kernel, 1, 4), name="a kernel with too many rows")
check_raises(ValueError, names, lambda: convolution_matrix(kernel, 4, 2), name="a kernel with too many columns")
check_raises(ValueError, ["height", "kernel"], lambda: convolution_matrix(kernel[:1], 0, 4), name="height=0")
check_raises(ValueError, ["width", "kernel"], lambda: convolution_matrix(kernel[:, :1], 4, 0), name="width=0")
check_raises(ValueError, ["height", "kernel"], lambda: convolution_matrix(kernel, -3, 4), name="height=-3")
check_raises(ValueError, names, lambda: convolution_matrix(kernel, -4, -4), name="height=-4, width=-4")
check_raises(ValueError, ["kernel"], lambda: convolution_matrix(kernel[0], 4, 4), name="a kernel of shape (3,)")
check_raises(ValueError, ["kernel"], lambda: convolution_matrix(kernel[None], 4, 4), name="a kernel of shape (1, 2, 3)")
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 8: pooling (4 + 4 points, about 30 minutes)
#
# Pooling summarises a neighbourhood by one number, its largest or its mean, and has no parameters. It makes images smaller, so that
# later layers see more of the scene for less work, and the answer changes less when the input moves a little. Since 1998 networks
# have used both forms: LeNet-5 the mean, most successors the maximum. The two need the same windows, so that one helper function
# serves both. Three places deserve care: windows may overlap, a stride may be larger than the window, and windows that would stick
# out at the end are dropped.
#
# $$ O_{ncij} = \max_{0 \le u,v < k} I_{n,c,\,si+u,\,sj+v} \qquad\text{or}\qquad O_{ncij} = \frac{1}{k^2} \sum_{0 \le u,v < k} I_{n,c,\,si+u,\,sj+v} $$
#
# **Worked example.** `image5` with windows of 3 and stride 1: maxima 5 4 5 / 5 4 5 / 5 5 5; nine times the means are
# 24 27 30 / 26 24 26 / 25 23 26.
#
# The reference (see the rules above) is refused.


# %% nbgrader={"grade": false, "grade_id": "08_max_pool2d", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B13"]
def max_pool2d(x: Tensor, kernel_size: int, stride: int | None = None) -> Tensor:
    """The maximum of each window, without padding; incomplete windows are dropped.

    Args:
        x: shape (N, C, H, W), float32 or float64.
        kernel_size: rows and columns of a window.
        stride: step between windows; None means `kernel_size`.

    Returns:
        Shape (N, C, H_out, W_out), sizes as in exercise 1, of the same dtype and device; differentiable.

    Raises:
        ValueError: `x` has not four dimensions, `kernel_size` or `stride` is below 1, or the window is larger than the image.
            The message names an argument concerned.

    Example:
        >>> max_pool2d(torch.arange(5.0).reshape(1, 1, 1, 5).expand(1, 1, 2, 5), 2)
        tensor([[[[1., 3.]]]])
    """
    ### BEGIN SOLUTION
    stride = kernel_size if stride is None else stride
    if x.dim() != 4:
        raise ValueError(f"x must have 4 dimensions, it has {x.dim()}")
    if kernel_size < 1 or stride < 1:
        raise ValueError(f"kernel_size and stride must be at least 1, they are {kernel_size} and {stride}")
    if kernel_size > min(x.shape[2:]):
        raise ValueError(f"kernel_size {kernel_size} is larger than the image {tuple(x.shape[2:])}")
    return x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride).amax((-2, -1))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: all windows at once</summary>
#
# `x.unfold(2, kernel_size, stride)` gives a view with a new last axis that runs through the rows of a window; a second `unfold`
# over axis 3 does the same for the columns. It drops what sticks out. `amax` takes several axes, `max` takes one.
# </details>
# <details><summary>Hint: negative values</summary>
#
# If you collect a maximum step by step, do not begin with zeros: an image may be negative everywhere.
# </details>

# %% nbgrader={"grade": true, "grade_id": "08_max_pool2d_visible", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
expected = torch.tensor([[5.0, 4, 5], [5, 4, 5], [5, 5, 5]])
with trying("8 max_pool2d", "the 5 x 5 example"), forbid(CONVOLUTIONS), check_unchanged(x=image5):
    actual = max_pool2d(x=image5[None, None], kernel_size=3, stride=1)
    check_close(actual, expected[None, None], name="max_pool2d(image5, 3, 1)")
expected = torch.tensor([[9.0, 8, 8], [9, 6, 8], [8, 8, 3]])
with trying("8 max_pool2d", "stride None"), forbid(CONVOLUTIONS):
    hint = "stride None means kernel_size"
    check_close(max_pool2d(image6[None, None], 2), expected[None, None], name="max_pool2d(image6, 2)", hint=hint)
x = random_tensor(generator("08 visible max"), 2, 3, 7, 9) - 10
expected = F.max_pool2d(x, 3, 2)
with trying("8 max_pool2d", "negative values"), forbid(CONVOLUTIONS):
    mistakes = {"the maximum began at 0": expected.clamp(min=0)}
    check_close(max_pool2d(x, 3, 2), expected, name="max_pool2d(x, 3, 2), negative values", mistakes=mistakes)

# %% nbgrader={"grade": true, "grade_id": "08_max_pool2d_windows", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: overlapping windows, strides larger than the window, images that are not square.
### BEGIN HIDDEN TESTS
rng = generator("08 max windows")
cases = [
    ((2, 3, 7, 9), 3, 2),
    ((1, 2, 8, 5), 2, 3),
    ((2, 2, 6, 7), 3, None),
    ((1, 3, 5, 8), 2, 1),
    ((2, 1, 9, 4), 4, 5),
    ((2, 2, 4, 6), 1, 2),
]
for kernel_size in range(1, 9):  # each size once, all else drawn
    batch, channels, stride, *more = (1 + torch.randint(4, (5,), generator=rng)).tolist()
    cases.append(((batch, channels, kernel_size + more[0], kernel_size + more[1]), kernel_size, stride))
for shape, kernel_size, stride in cases:
    for dtype in (torch.float32, torch.float64):
        x = random_tensor(rng, *shape, dtype=dtype)
        expected = F.max_pool2d(x, kernel_size, stride)
        with forbid(CONVOLUTIONS), check_unchanged(x=x):
            actual = max_pool2d(x, kernel_size, stride)
        check_close(actual, expected, name=f"max_pool2d of {shape}, kernel_size {kernel_size}, stride {stride}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "08_max_pool2d_gradient", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: negative values, non-contiguous input, and the gradient.
### BEGIN HIDDEN TESTS
rng = generator("08 max gradient")
for shape, kernel_size, stride in [((2, 2, 6, 7), 3, 2), ((1, 3, 5, 6), 2, None), ((2, 1, 7, 5), 2, 3)]:
    count = torch.Size(shape).numel()
    values = -0.5 - torch.randperm(count, generator=rng).double().reshape(shape)  # all different and negative
    x = strided(values)
    leaf, mine = (x.clone().requires_grad_() for _ in range(2))
    expected = F.max_pool2d(leaf, kernel_size, stride)
    upstream = random_tensor(rng, *expected.shape, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(expected, leaf, upstream)
    with forbid(CONVOLUTIONS), check_unchanged(x=x, mine=mine):
        of_strided, actual = max_pool2d(x, kernel_size, stride), max_pool2d(mine, kernel_size, stride)
    for result in (of_strided, actual):
        check_close(result, expected, name=f"max_pool2d of negative values, {shape}, {kernel_size}, {stride}")
    check_equal(actual.requires_grad, True, name="requires_grad of the result", hint="stay with tensors all the way")
    (actual * upstream).sum().backward()
    check_gradient(mine.grad, gradient, name="the gradient of x", hint="it belongs to the largest value alone")
x = random_tensor(rng, 1, 2, 5, 6, dtype=torch.float64) - 1e8
expected = F.max_pool2d(x, 2)
with forbid(CONVOLUTIONS):
    actual = max_pool2d(x, 2)
check_close(actual, expected, name="max_pool2d of values near -100,000,000", rtol=1e-12, atol=0)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "08_max_pool2d_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: windows that do not fit, sizes and strides below 1.
### BEGIN HIDDEN TESTS
x = random_tensor(generator("08 max errors"), 1, 2, 4, 6, dtype=torch.float64)
expected = F.max_pool2d(x, 4)
with forbid(CONVOLUTIONS), check_unchanged(x=x):
    actual = max_pool2d(x, 4)
check_close(actual, expected, name="max_pool2d of (1, 2, 4, 6), kernel_size 4")
check_raises(ValueError, ["x", "kernel_size"], lambda: max_pool2d(x, 5, 1), name="kernel_size 5 on 4 x 6")
check_raises(
    ValueError, ["x", "kernel_size"], lambda: max_pool2d(x.transpose(2, 3), 5, 1), name="kernel_size 5 on 6 x 4"
)
check_raises(ValueError, ["x", "kernel_size"], lambda: max_pool2d(x, 7), name="kernel_size 7 on 4 x 6")
check_raises(ValueError, ["kernel_size"], lambda: max_pool2d(x, 0, 1), name="kernel_size 0")
check_raises(ValueError, ["kernel_size"], lambda: max_pool2d(x, -1, 1), name="kernel_size -1")
check_raises(ValueError, ["stride"], lambda: max_pool2d(x, 2, 0), name="stride 0")
check_raises(ValueError, ["stride"], lambda: max_pool2d(x, 2, -1), name="stride -1")
check_raises(ValueError, ["x"], lambda: max_pool2d(x[0], 2), name="x of three dimensions")
check_raises(ValueError, ["x"], lambda: max_pool2d(x[..., None].expand(1, 2, 4, 6, 3), 2), name="x of five dimensions")
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "08_avg_pool2d", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B13"]
def avg_pool2d(x: Tensor, kernel_size: int, stride: int | None = None) -> Tensor:
    """The mean of each window, without padding; incomplete windows are dropped.

    Args:
        x: shape (N, C, H, W), float32 or float64.
        kernel_size: rows and columns of a window.
        stride: step between windows; None means `kernel_size`.

    Returns:
        Shape (N, C, H_out, W_out), sizes as in exercise 1, of the same dtype and device; differentiable.

    Raises:
        ValueError: as `max_pool2d`.

    Example:
        >>> avg_pool2d(torch.arange(5.0).reshape(1, 1, 1, 5).expand(1, 1, 2, 5), 2)
        tensor([[[[0.5000, 2.5000]]]])
    """
    ### BEGIN SOLUTION
    stride = kernel_size if stride is None else stride
    if x.dim() != 4:
        raise ValueError(f"x must have 4 dimensions, it has {x.dim()}")
    if kernel_size < 1 or stride < 1:
        raise ValueError(f"kernel_size and stride must be at least 1, they are {kernel_size} and {stride}")
    if kernel_size > min(x.shape[2:]):
        raise ValueError(f"kernel_size {kernel_size} is larger than the image {tuple(x.shape[2:])}")
    return x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride).mean((-2, -1))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "08_avg_pool2d_visible", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
expected = torch.tensor([[24.0, 27, 30], [26, 24, 26], [25, 23, 26]]) / 9
with trying("8 avg_pool2d", "the 5 x 5 example"), forbid(CONVOLUTIONS), check_unchanged(x=image5):
    actual = avg_pool2d(x=image5[None, None], kernel_size=3, stride=1)
    mistakes = {"it is the sum, not the mean": expected[None, None] * 9}
    check_close(actual, expected[None, None], name="avg_pool2d(image5, 3, 1)", mistakes=mistakes)
expected = torch.tensor([[3.75, 5, 5.75], [5.5, 4.5, 6], [5, 5, 1.25]])
with trying("8 avg_pool2d", "stride None"), forbid(CONVOLUTIONS):
    hint = "stride None means kernel_size"
    check_close(avg_pool2d(image6[None, None], 2), expected[None, None], name="avg_pool2d(image6, 2)", hint=hint)
x = random_tensor(generator("08 visible avg"), 2, 3, 7, 9)
expected = F.avg_pool2d(x, 3, 2)
with trying("8 avg_pool2d", "random images"), forbid(CONVOLUTIONS):
    check_close(avg_pool2d(x, 3, 2), expected, name="avg_pool2d(x, 3, 2)")

# %% nbgrader={"grade": true, "grade_id": "08_avg_pool2d_windows", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: overlapping windows, strides larger than the window, images that are not square.
### BEGIN HIDDEN TESTS
rng = generator("08 avg windows")
cases = [
    ((2, 3, 7, 9), 3, 2),
    ((1, 2, 8, 5), 2, 3),
    ((2, 2, 6, 7), 3, None),
    ((1, 3, 5, 8), 2, 1),
    ((2, 1, 9, 4), 4, 5),
    ((2, 2, 4, 6), 1, 2),
]
for kernel_size in range(1, 9):  # each size once, all else drawn
    batch, channels, stride, *more = (1 + torch.randint(4, (5,), generator=rng)).tolist()
    cases.append(((batch, channels, kernel_size + more[0], kernel_size + more[1]), kernel_size, stride))
for shape, kernel_size, stride in cases:
    for dtype in (torch.float32, torch.float64):
        x = random_tensor(rng, *shape, dtype=dtype)
        expected = F.avg_pool2d(x, kernel_size, stride)
        with forbid(CONVOLUTIONS), check_unchanged(x=x):
            actual = avg_pool2d(x, kernel_size, stride)
        check_close(actual, expected, name=f"avg_pool2d of {shape}, kernel_size {kernel_size}, stride {stride}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "08_avg_pool2d_gradient", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: non-contiguous input and the gradient.
### BEGIN HIDDEN TESTS
rng = generator("08 avg gradient")
for shape, kernel_size, stride in [((2, 2, 6, 7), 3, 2), ((1, 3, 5, 6), 2, None), ((2, 1, 7, 5), 2, 3)]:
    x = strided(random_tensor(rng, *shape, dtype=torch.float64))
    leaf, mine = (x.clone().requires_grad_() for _ in range(2))
    expected = F.avg_pool2d(leaf, kernel_size, stride)
    upstream = random_tensor(rng, *expected.shape, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(expected, leaf, upstream)
    with forbid(CONVOLUTIONS), check_unchanged(x=x, mine=mine):
        of_strided, actual = avg_pool2d(x, kernel_size, stride), avg_pool2d(mine, kernel_size, stride)
    for result in (of_strided, actual):
        check_close(result, expected, name=f"avg_pool2d of {shape}, {kernel_size}, {stride}")
    check_equal(actual.requires_grad, True, name="requires_grad of the result", hint="stay with tensors all the way")
    (actual * upstream).sum().backward()
    check_gradient(mine.grad, gradient, name="the gradient of x", hint="each pixel of a window receives an equal share")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "08_avg_pool2d_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: windows that do not fit, sizes and strides below 1.
### BEGIN HIDDEN TESTS
x = random_tensor(generator("08 avg errors"), 1, 2, 4, 6, dtype=torch.float64)
expected = F.avg_pool2d(x, 4)
with forbid(CONVOLUTIONS), check_unchanged(x=x):
    actual = avg_pool2d(x, 4)
check_close(actual, expected, name="avg_pool2d of (1, 2, 4, 6), kernel_size 4")
check_raises(ValueError, ["x", "kernel_size"], lambda: avg_pool2d(x, 5, 1), name="kernel_size 5 on 4 x 6")
check_raises(
    ValueError, ["x", "kernel_size"], lambda: avg_pool2d(x.transpose(2, 3), 5, 1), name="kernel_size 5 on 6 x 4"
)
check_raises(ValueError, ["x", "kernel_size"], lambda: avg_pool2d(x, 7), name="kernel_size 7 on 4 x 6")
check_raises(ValueError, ["kernel_size"], lambda: avg_pool2d(x, 0, 1), name="kernel_size 0")
check_raises(ValueError, ["kernel_size"], lambda: avg_pool2d(x, -1, 1), name="kernel_size -1")
check_raises(ValueError, ["stride"], lambda: avg_pool2d(x, 2, 0), name="stride 0")
check_raises(ValueError, ["stride"], lambda: avg_pool2d(x, 2, -1), name="stride -1")
check_raises(ValueError, ["x"], lambda: avg_pool2d(x[0], 2), name="x of three dimensions")
check_raises(ValueError, ["x"], lambda: avg_pool2d(x[..., None].expand(1, 2, 4, 6, 3), 2), name="x of five dimensions")
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 9: the receptive field (4 + 6 points, about 45 minutes)
#
# How much of the image does one output pixel see? If the answer is 15 pixels, no training in the world will let it recognise a
# face of 100. Stacked small kernels reach far: three 3 x 3 layers see as much as one 7 x 7 layer, with 45 % fewer weights. Strides
# and dilations multiply the reach. You compute the field twice, once on paper, once by asking the network itself: whatever pixel has
# an influence has a gradient.
#
# Walk through the layers and keep two numbers: the field $r$, and the jump $j$, the distance in input pixels between two
# neighbouring outputs. Both begin at 1. A layer with kernel $k$, stride $s$ and dilation $d$ makes of them
#
# $$ r \leftarrow r + d\,(k-1)\,j, \qquad j \leftarrow j\,s. $$
#
# **Worked example.** Two 3 x 3 layers of stride 2: $r = 1 + 2\cdot 1 = 3$, $j = 2$; then $r = 3 + 2 \cdot 2 = 7$, $j = 4$.
#
# An entry of the list is always a triple of ints. Where one of the three is below 1, the `ValueError` names `layers`.
#
# From here on no library function is refused.


# %% nbgrader={"grade": false, "grade_id": "09_receptive_field", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B14"]
def receptive_field(layers: list[tuple[int, int, int]]) -> tuple[int, int]:
    """The receptive field of one output pixel, and the jump between two.

    Args:
        layers: (kernel_size, stride, dilation) of each convolution or pooling layer, first layer first.

    Returns:
        (field, jump) in pixels of the input, in one direction.

    Raises:
        ValueError: one of the numbers is below 1. The message names `layers`.

    Example:
        >>> receptive_field([(3, 2, 1), (3, 2, 1)])
        (7, 4)
    """
    ### BEGIN SOLUTION
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        if min(kernel_size, stride, dilation) < 1:
            raise ValueError(f"layers: {(kernel_size, stride, dilation)} has a number below 1")
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field, jump
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "09_receptive_field_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
vgg16 = []
for convolutions in (2, 2, 3, 3, 3):
    vgg16 += [(3, 1, 1)] * convolutions + [(2, 2, 1)]  # 3 x 3 convolutions, then 2 x 2 pooling
with trying("9 receptive_field", "worked examples"):
    check_equal(receptive_field([]), (1, 1), name="receptive_field([])", hint="a pixel sees itself")
    check_equal(receptive_field(layers=[(3, 1, 1)] * 3), (7, 1), name="three 3 x 3 layers", hint="3, 5, 7")
    check_equal(receptive_field([(3, 2, 1)] * 2), (7, 4), name="two 3 x 3 layers of stride 2", hint="3, then 3 + 2 * 2")
    check_equal(
        receptive_field([(3, 1, 1), (3, 1, 2), (3, 1, 4)]), (15, 1), name="dilations 1, 2, 4", hint="1 + 2 + 4 + 8"
    )
    check_equal(
        receptive_field(vgg16[:-1]), (196, 16), name="VGG-16 up to conv5_3", hint="the old jump counts for the field"
    )
    check_equal(receptive_field(vgg16), (212, 32), name="VGG-16 after pool5")

# %% nbgrader={"grade": true, "grade_id": "09_receptive_field_random", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: random lists, against positions walked back from two neighbouring outputs.
### BEGIN HIDDEN TESTS
rng = generator("09 random")
lists = [[(1, 2, 3), (2, 1, 3)], [(3, 3, 2), (1, 2, 1), (4, 1, 3)], [(5, 4, 1), (2, 3, 2), (3, 2, 2)]]
for _ in range(20):
    count = int(torch.randint(1, 6, (), generator=rng))
    lists.append([tuple(int(torch.randint(1, 5, (), generator=rng)) for _ in range(3)) for _ in range(count)])
for layers in lists:
    first, last, neighbour = 0, 0, 1
    for kernel_size, stride, dilation in reversed(layers):
        first, neighbour = first * stride, neighbour * stride
        last = last * stride + dilation * (kernel_size - 1)
    with check_unchanged(layers=layers):
        actual = receptive_field(layers)
    check_equal(actual, (last - first + 1, neighbour - first), name=f"receptive_field({layers})")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "09_receptive_field_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: entries below 1.
### BEGIN HIDDEN TESTS
check_equal(receptive_field([(2, 3, 2), (3, 1, 1)]), (9, 3), name="receptive_field([(2, 3, 2), (3, 1, 1)])")
check_equal(receptive_field([(1, 1, 1)]), (1, 1), name="receptive_field([(1, 1, 1)])")
for bad in [(0, 1, 1), (3, 0, 1), (3, 1, 0), (-1, 1, 1), (3, -2, 1), (3, 1, -1)]:
    for layers in ([bad], [(3, 2, 1), bad], [bad, (3, 2, 1)]):
        check_raises(
            ValueError, ["layers"], lambda wrong=layers: receptive_field(wrong), name=f"receptive_field({layers})"
        )
### END HIDDEN TESTS

# %% [markdown]
# ### The field, measured
#
# Let the network say it itself. Draw 16 random images `torch.rand(16, C, input_size, input_size)`, C being the `in_channels` of the
# first convolution. Take the output at the central position (row `H_out // 2`, column `W_out // 2`), sum it over all channels and
# images, and ask for the gradient with respect to the input. A pixel belongs to the field when its gradient is different from 0 for at
# least one of the images: ReLU and max pooling let nothing through from the pixels that lost, and another image has other losers. The
# result is the side of the smallest square that holds all of them: last minus first plus one, in the direction where this is
# larger. A dilated convolution has gaps inside its field, so do not count pixels.
#
# The model is a guest: its weights, buffers, mode, the `.grad` of its parameters and its hooks are afterwards what they were.


# %% nbgrader={"grade": false, "grade_id": "09_empirical_receptive_field", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B14"]
def empirical_receptive_field(model: nn.Module, input_size: int) -> int:
    """The side of the square of input pixels that influence the central output of a network.

    Args:
        model: convolutions, ReLU, max or average pooling; it maps (N, C, input_size, input_size) to (N, K, H_out, W_out). It is
            left as it was.
        input_size: height and width of the input, at least twice the field.

    Returns:
        The side in pixels, the larger of height and width: last minus first plus one.

    Example:
        >>> empirical_receptive_field(nn.Conv2d(1, 4, 5), 12)
        5
    """
    ### BEGIN SOLUTION
    channels = next(module.in_channels for module in model.modules() if isinstance(module, nn.Conv2d))
    x = torch.rand(16, channels, input_size, input_size, requires_grad=True)
    output = model(x)
    centre = output[:, :, output.shape[2] // 2, output.shape[3] // 2].sum()
    (gradient,) = torch.autograd.grad(centre, x)
    rows, columns = (gradient != 0).any(0).any(0).nonzero(as_tuple=True)
    return int(max(rows.max() - rows.min(), columns.max() - columns.min())) + 1
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: the gradient without traces</summary>
#
# `output.backward()` also fills `.grad` of every parameter. `torch.autograd.grad(outputs, x)` returns the gradient of `x` and leaves the
# rest alone.
# </details>
# <details><summary>Hint: first and last</summary>
#
# `(gradient != 0).any(0).any(0)` is a map (H, W) of the pixels that count. `nonzero(as_tuple=True)` gives their rows and columns.
# </details>


# %% nbgrader={"grade": false, "grade_id": "positive", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
def positive(model: nn.Module, seed: int) -> nn.Module:
    """Give all weights and biases random positive values, so that no ReLU is ever closed and nothing cancels."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.1 + torch.rand(parameter.shape, generator=rng))
    return model


# %% nbgrader={"grade": true, "grade_id": "09_empirical_receptive_field_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
with trying("9 empirical_receptive_field", "two 3 x 3 layers"):
    model = positive(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 2, 3, padding=1)), seed=1)
    actual = empirical_receptive_field(model=model, input_size=14)
    check_equal(actual, 5, name="two 3 x 3 layers", hint="3, then 5")
with trying("9 empirical_receptive_field", "a stride"):
    model = positive(
        nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1)), seed=2
    )
    check_equal(empirical_receptive_field(model, 20), 7, name="3 x 3 with stride 2, then 3 x 3", hint="3 + 2 * 2")
with trying("9 empirical_receptive_field", "a dilation"):
    model = positive(nn.Conv2d(2, 1, 3, dilation=4, padding=4), seed=3)
    hint = "the field has gaps: last minus first plus one"
    check_equal(empirical_receptive_field(model, 20), 9, name="one 3 x 3 layer with dilation 4", hint=hint)
with trying("9 empirical_receptive_field", "not square"):
    model = positive(nn.Conv2d(1, 1, (3, 7), padding=(1, 3)), seed=4)
    check_equal(
        empirical_receptive_field(model, 16), 7, name="one layer of 3 x 7", hint="the larger of height and width"
    )
with trying("9 empirical_receptive_field", "a guest leaves no traces"):
    check_equal(
        model.weight.grad is None, True, name="whether .grad of the weights is still empty", hint="torch.autograd.grad"
    )
    check_equal(model.training, True, name="whether the model is still in training mode")

# %% nbgrader={"grade": true, "grade_id": "09_empirical_receptive_field_shapes", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: one to four input channels, kernels that are not square, dilations, average pooling.
### BEGIN HIDDEN TESTS
rng = generator("09 shapes")
seed = int(torch.randint(1000, (), generator=rng))
for channels, layers, size, field in [
    (1, [nn.Conv2d(1, 3, (3, 7), padding=(1, 3)), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1)], 24, 9),
    (2, [nn.Conv2d(2, 3, (5, 1), padding=(2, 0)), nn.ReLU(), nn.Conv2d(3, 1, (5, 3), padding=(2, 1))], 25, 9),
    (3, [nn.Conv2d(3, 2, 5, dilation=3, padding=6)], 30, 13),
    (4, [nn.Conv2d(4, 2, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(2, 2, 3, padding=1)], 22, 8),
    (2, [nn.AvgPool2d(2), nn.Conv2d(2, 3, 3, padding=1), nn.ReLU()], 15, 6),
    (1, [nn.Conv2d(1, 2, 1), nn.ReLU()], 4, 1),
]:
    model = positive(nn.Sequential(*layers), seed)
    actual = empirical_receptive_field(model, size)
    check_equal(actual, field, name=f"{channels} input channels, {[type(layer).__name__ for layer in layers]}")
deep = positive(nn.Sequential(*(nn.Conv2d(2, 2, 3, padding=1) for _ in range(8))), seed)
with torch.no_grad():
    for layer in deep:  # the pixels at the rim count far less than those in the middle, but not nothing
        layer.weight[:, :, 1, 1] *= 20
        layer.weight /= layer.weight.sum((1, 2, 3), keepdim=True)
actual = empirical_receptive_field(deep, 36)
check_equal(actual, 17, name="eight 3 x 3 layers", hint="a small gradient is different from 0, too")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "09_empirical_receptive_field_pooling", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden test: three blocks of convolution, ReLU and max pooling.
### BEGIN HIDDEN TESTS
rng = generator("09 pooling")
for channels, widths, size in [(1, (4, 6, 1), 48), (3, (4, 4, 1), 50), (2, (3, 4, 2), 45)]:
    layers = []
    for before, after in zip((channels, *widths), widths, strict=False):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    model = positive(nn.Sequential(*layers), int(torch.randint(1000, (), generator=rng)))
    check_equal(empirical_receptive_field(model, size), 22, name=f"three blocks with max pooling, {channels} channels")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "09_empirical_receptive_field_guest", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the model is left as it was.
### BEGIN HIDDEN TESTS
rng = generator("09 guest")
for training in (True, False):
    model = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 2, 3, padding=1))
    positive(model, int(torch.randint(1000, (), generator=rng))).train(training)
    model[2].train(not training)  # modes may be mixed
    modes = [module.training for module in model.modules()]
    model[0].register_buffer("note", torch.arange(3.0))
    model[3].bias.requires_grad_(False)
    model[3].register_forward_hook(lambda _module, _arguments, output: output)
    for parameter in model[0].parameters():
        parameter.grad = random_tensor(rng, *parameter.shape)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in model[0].parameters()]
    check_equal(empirical_receptive_field(model, 18), 8, name="convolution, max pooling, convolution")
    check_equal([module.training for module in model.modules()], modes, name="the mode of the modules")
    check_equal(list(model.state_dict()), list(before), name="the names of weights and buffers")
    for name, value in model.state_dict().items():
        check_close(value, before[name], name=f"{name} after the call")
    for parameter, gradient in zip(model[0].parameters(), gradients, strict=True):
        check_close(parameter.grad, gradient, name="the .grad of a parameter after the call")
    check_equal(
        [parameter.grad is None for parameter in model[3].parameters()], [True] * 2, name="unset .grad after the call"
    )
    check_equal(
        [p.requires_grad for p in model.parameters()], [True, True, True, False], name="requires_grad after the call"
    )
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    hooks = [sum(len(getattr(module, kind)) for kind in kinds) for module in model.modules()]
    check_equal(hooks, [0, 0, 0, 0, 1], name="the number of hooks of each module")
    kinds = ("_backward_hooks", "_post_accumulate_grad_hooks")
    hooks = [sum(len(getattr(p, kind, None) or ()) for kind in kinds) for p in model.parameters()]
    check_equal(hooks, [0] * 4, name="the number of hooks of each parameter")
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 10: does it commute with a shift? (6 points, about 30 minutes)
#
# A convolution does the same thing everywhere, so that moving the image should move the result, and nothing else:
# $f(\text{shift}\,x) = \text{shift}\,f(x)$. This *equivariance* is the reason why a network that learned a digit in the middle reads
# it in a corner, too. In practice it holds less often than one thinks. Zero padding breaks it at the border, stride and pooling
# break it for every shift that is not a multiple of the step, and whole papers have been written to mend it. Build the instrument
# that measures it: one number, 0 for a perfect layer.
#
# Shifts are circular (`torch.roll`), so that nothing leaves the image. Where $f$ makes the image smaller by factors $H/H_\text{out}$ and
# $W/W_\text{out}$, its output has to move by that much less, rounded down (`//`):
#
# $$ e = \max \left| f(\text{roll}(x,\, s)) - \text{roll}\!\left(f(x),\; \left\lfloor \tfrac{s_0}{H/H_\text{out}} \right\rfloor, \left\lfloor \tfrac{s_1}{W/W_\text{out}} \right\rfloor\right) \right| . $$
#
# **Worked example.** $f(x)$ = every second pixel, `x[:, :, ::2, ::2]`. Moving the input by (2, 0) moves the output by (1, 0): error 0.
# Moving it by (1, 0) shows the pixels that were skipped before: the output should not have moved at all, and the error is large.


# %% nbgrader={"grade": false, "grade_id": "10_shift_equivariance_error", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:B12"]
def shift_equivariance_error(f: Callable[[Tensor], Tensor], x: Tensor, shift: tuple[int, int]) -> float:
    """The largest difference between shifting before and after `f`.

    Args:
        f: maps (N, C, H, W) to (N, K, H_out, W_out), where H_out divides H and W_out divides W.
        x: a batch of images, shape (N, C, H, W).
        shift: (down, right) in pixels of the input, circular; negative numbers are up and left.

    Returns:
        The largest absolute difference over batch, channels, rows and columns, a Python float.

    Raises:
        ValueError: `f(x)` has not four dimensions, or its height or width does not divide that of `x`. The message names `f`.

    Example:
        >>> shift_equivariance_error(lambda x: 2 * x, torch.rand(1, 1, 4, 4), (1, -2))
        0.0
    """
    ### BEGIN SOLUTION
    output = f(x)
    if output.dim() != 4 or x.shape[2] % output.shape[2] or x.shape[3] % output.shape[3]:
        raise ValueError(
            f"f must give (N, K, H_out, W_out) with sizes that divide {tuple(x.shape[2:])}, not {tuple(output.shape)}"
        )
    steps = shift[0] // (x.shape[2] // output.shape[2]), shift[1] // (x.shape[3] // output.shape[3])
    moved_before = f(torch.roll(x, shift, dims=(2, 3)))
    moved_after = torch.roll(output, steps, dims=(2, 3))
    return (moved_before - moved_after).abs().max().item()
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: rounding down</summary>
#
# `//` rounds down also for negative numbers: `-1 // 2` is −1. `int(-1 / 2)` is 0, which is something else.
# </details>

# %% nbgrader={"grade": true, "grade_id": "10_shift_equivariance_error_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
rng = generator("10 visible")
x, kernel = random_tensor(rng, 2, 3, 8, 6, dtype=torch.float64), random_tensor(rng, 4, 3, 3, 3, dtype=torch.float64)


def circular(images):
    return F.conv2d(F.pad(images, (1, 1, 1, 1), mode="circular"), kernel)


def every_second(images):
    return images[:, :, ::2, ::2]


with trying("10 shift_equivariance_error", "circular padding"), check_unchanged(x=x):
    error = shift_equivariance_error(f=circular, x=x, shift=(3, -2))
    check_between(error, 0.0, 1e-10, name="circular padding, shift (3, -2)", hint="roll over height and width, (2, 3)")
with trying("10 shift_equivariance_error", "a layer with parameters"), check_unchanged(x=x):
    layer = nn.Conv2d(3, 2, 3, padding=1, padding_mode="circular", dtype=torch.float64)
    error = shift_equivariance_error(layer, x, (1, 2))
    check_between(error, 0.0, 1e-10, name="a layer of torch.nn, circular padding", hint="its output requires grad")
with trying("10 shift_equivariance_error", "zero padding"), check_unchanged(x=x):
    error = shift_equivariance_error(lambda images: F.conv2d(images, kernel, padding=1), x, (3, -2))
    check_between(error, 0.01, math.inf, name="zero padding, shift (3, -2)", hint="the borders count too")
hints = {1: "1 // 2 is 0", -1: "rounded down, also below zero: -1 // 2 is -1"}
differences = {down: every_second(x.roll(down, 2)) - every_second(x).roll(down // 2, 2) for down in hints}
largest = {down: difference.abs().max().item() for down, difference in differences.items()}
with trying("10 shift_equivariance_error", "every second pixel"):
    for sign, images in [("", x), ("minus ", -x.flip(0, 1))]:  # the largest difference has either sign, in either image
        with check_unchanged(x=images):
            error = shift_equivariance_error(every_second, images, (2, -4))
        name = f"every second pixel of {sign}x, shift "
        check_between(error, 0.0, 1e-10, name=f"{name}(2, -4)", hint="the output moves by (1, -2)")
        for down, hint in hints.items():
            with check_unchanged(x=images):
                error = shift_equivariance_error(every_second, images, (down, 0))
            low, high = largest[down] - 1e-9, largest[down] + 1e-9
            check_between(error, low, high, name=f"{name}({down}, 0)", hint=hint)

# %% nbgrader={"grade": true, "grade_id": "10_shift_equivariance_error_circular", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: layers that commute with every shift, and one that nearly does.
### BEGIN HIDDEN TESTS
rng = generator("10 circular")
x, kernel = random_tensor(rng, 3, 2, 5, 9, dtype=torch.float64), random_tensor(rng, 4, 2, 3, 5, dtype=torch.float64)


def circular(images):
    return F.conv2d(F.pad(images, (2, 2, 1, 1), mode="circular"), kernel)


def marked(batch, channel, row, column):
    """A layer that commutes but for one pixel of one image's output, which has 7 added to it."""
    total = x[batch].sum()

    def layer(images):
        output = circular(images)
        is_meant = (images.sum((1, 2, 3)) - total).abs() < 1e-9  # a shift keeps the sum
        output[is_meant, channel, row, column] += 7
        return output

    return layer


for shift in [(1, 2), (-1, 3), (4, -5), (0, 2), (-3, 0), (7, 11), (7, -11), (0, 0)]:
    with check_unchanged(x=x):
        error = shift_equivariance_error(circular, x, shift)
    check_between(error, 0.0, 1e-10, name=f"circular padding, shift {shift}")
for place in [(0, 0, 0, 0), (2, 3, 4, 8), (1, 2, 2, 4), (0, 3, 4, 0), (2, 0, 0, 8)]:
    with check_unchanged(x=x):
        error = shift_equivariance_error(marked(*place), x, (1, -2))
    check_between(error, 7 - 1e-9, 7 + 1e-9, name=f"one pixel of the output, {place}, has 7 added")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "10_shift_equivariance_error_zeros", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: zero padding, images that are not square, shifts along one axis.
### BEGIN HIDDEN TESTS
rng = generator("10 zeros")
x, kernel = random_tensor(rng, 2, 3, 7, 4, dtype=torch.float64), random_tensor(rng, 2, 3, 3, 3, dtype=torch.float64)


def zeros(images):
    return F.conv2d(images, kernel, padding=1)


for down, right in [(1, 0), (0, 1), (-2, 0), (0, -1), (2, 3), (9, -7), (-12, 5)]:  # also further than the image
    before = zeros(x.roll(down, 2).roll(right, 3))
    after = zeros(x).roll(down, 2).roll(right, 3)
    expected = (before - after).abs().max().item()
    for images in (x, -x.flip(0)):  # the largest difference has either sign, in either image
        with check_unchanged(x=images):
            error = shift_equivariance_error(zeros, images, (down, right))
        check_between(error, 0.01, math.inf, name=f"zero padding, shift {(down, right)}")
        check_between(error, expected - 1e-9, expected + 1e-9, name=f"zero padding, shift {(down, right)}")
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "10_shift_equivariance_error_stride", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: strides, in one direction or both; odd and negative shifts.
### BEGIN HIDDEN TESTS
rng = generator("10 stride")
x, kernel = random_tensor(rng, 2, 2, 8, 12, dtype=torch.float64), random_tensor(rng, 3, 2, 3, 3, dtype=torch.float64)
for steps in [(2, 2), (2, 3), (4, 2), (1, 2), (2, 1)]:

    def strides(images, steps=steps):
        return F.conv2d(F.pad(images, (1, 1, 1, 1), mode="circular"), kernel, stride=steps)

    for down, right in [(2, 6), (4, -6), (-4, 12), (1, 0), (0, 1), (-1, 0), (0, -1), (3, -5), (-3, 1)]:
        before = strides(x.roll(down, 2).roll(right, 3))
        after = strides(x).roll(math.floor(down / steps[0]), 2).roll(math.floor(right / steps[1]), 3)
        expected = (before - after).abs().max().item()
        error = shift_equivariance_error(strides, x.clone(), (down, right))
        name, hint = f"stride {steps}, shift {(down, right)}", "rounded down, also below zero"
        check_between(error, expected - 1e-9, expected + 1e-9, name=name, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "10_shift_equivariance_error_errors", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: outputs whose shape does not fit.
### BEGIN HIDDEN TESTS
rng = generator("10 errors")
x = random_tensor(rng, 2, 3, 6, 8, dtype=torch.float64)
expected = (x[:, :, ::3, ::4].roll(-1, 3) - x.roll(-3, 3)[:, :, ::3, ::4]).abs().max().item()
for images in (x, -x.flip(0, 1)):  # the largest difference has either sign, in either image
    error = shift_equivariance_error(lambda images: images[:, :, ::3, ::4], images.clone(), (0, -3))
    name = "every third row, every fourth column, shift (0, -3)"
    check_between(error, expected - 1e-9, expected + 1e-9, name=name)
for what, wrong in {
    "a valid convolution": lambda images: images[:, :, 1:-1, 1:-1],
    "one row fewer": lambda images: images[:, :, 1:],
    "one column fewer": lambda images: images[..., 1:],
    "twice the size": lambda images: images.repeat_interleave(2, 2).repeat_interleave(2, 3),
    "twice the width": lambda images: images.repeat_interleave(2, 3),
    "three dimensions": lambda images: images.mean(1),
    "two dimensions": lambda images: images.flatten(1),
    "five dimensions": lambda images: images[None],
    "five dimensions, the last of them 1": lambda images: images[..., None],
}.items():
    check_raises(ValueError, ["f"], lambda w=wrong: shift_equivariance_error(w, x, (1, 1)), name=f"f gives {what}")
### END HIDDEN TESTS

# %% [markdown]
# ## Exercise 11: a first network, and the first check of every training (8 points, about 45 minutes)
#
# LeNet-5 read the digits on cheques from the 1990s on, and with its order of layers, convolution and pooling twice and then a few linear
# layers, it is the ancestor of every classifier in this course. Before anything is trained for long, two checks cost a minute and
# find most errors. The first loss of a classifier of ten classes is near $\ln 10 \approx 2.303$, because it knows nothing yet and gives each
# class about a tenth. And a network that cannot learn twenty images by heart has an error in it, so there is no point in showing it
# sixty thousand.
#
# | stage | layer | output per image | parameters |
# |---|---|---|---|
# | 1 | convolution 5 x 5, padding 2, ReLU or tanh; pooling 2 x 2 | 6 x 28 x 28, then 6 x 14 x 14 | 156 |
# | 2 | convolution 5 x 5, ReLU or tanh; pooling 2 x 2 | 16 x 10 x 10, then 16 x 5 x 5 | 2,416 |
# | 3 | linear, or convolution 5 x 5; ReLU or tanh | 120 | 48,120 |
# | 4 | linear, ReLU or tanh | 84 | 10,164 |
# | 5 | linear | 10 logits | 850 |
#
# Together 61,706 parameters. Pooling is by maximum or mean. The last layer gives *logits*: no softmax, the loss does that.
#
# **Worked example.** The loss of logits that are all equal is $-\ln\frac{1}{10} = 2.3026$, whatever the label.


# %% nbgrader={"grade": false, "grade_id": "11_lenet5", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:C1"]
class LeNet5(nn.Module):
    """LeNet-5 for images of 28 x 28, with layers of `torch.nn` (bias and initialisation as they come).

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, 1998.
    """

    def __init__(self) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 1, 28, 28) to logits (N, 10)."""
        ### BEGIN SOLUTION
        return self.classifier(self.features(x))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint: flattening a batch of one</summary>
#
# `x.flatten(1)` keeps the axis of the batch. `x.flatten()` and `x.squeeze()` do not, the second only when the batch has one image, which
# is the worst moment to find out.
# </details>
# <details><summary>Help: I get "mat1 and mat2 shapes cannot be multiplied"</summary>
#
# The number of inputs of the first linear layer is not what arrives: 16 * 5 * 5 = 400. Is the padding of the first convolution 2, and
# that of the second 0?
# </details>


# %% nbgrader={"grade": false, "grade_id": "layer_trail", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
def layer_trail(model: nn.Module, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """(input, output) of each convolution and linear layer of `model`, in the order in which they run on `x`."""
    trail = []

    def note(_module, arguments, output):
        trail.append((arguments[0].detach().clone(), output.detach().clone()))

    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
    return trail


def check_lenet_shapes(model: nn.Module, x: Tensor) -> None:
    """Check the number of parameters of a LeNet-5, and the shapes of its layers' outputs on `x`."""
    check_equal(
        sum(p.numel() for p in model.parameters()), 61_706, name="the number of parameters", hint="see the table"
    )
    outputs = [output for _, output in layer_trail(model, x)]
    check_equal(len(outputs), 5, name="the number of convolutions and linear layers that ran")
    for output, shape in zip(outputs, [(6, 28, 28), (16, 10, 10), (120,), (84,), (10,)], strict=True):
        given = tuple(output.shape[1:])
        given = given[:1] if given[1:] == (1, 1) else given  # a 5 x 5 convolution as third stage
        check_equal((output.shape[0], *given), (x.shape[0], *shape), name=f"the shape of the output of layer {shape}")


# %% nbgrader={"grade": true, "grade_id": "11_lenet5_visible", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
with trying("11 LeNet5", "shapes and parameters"):
    model = LeNet5()
    check_lenet_shapes(model, torch.rand(3, 1, 28, 28))
    check_tensor(model(torch.rand(3, 1, 28, 28)), (3, 10), torch.float32, name="the logits of three images")
    one = model(torch.rand(1, 1, 28, 28))
    check_tensor(one, (1, 10), torch.float32, name="the logits of one image", hint="flatten(1)")
with trying("11 LeNet5", "logits"):
    several = [LeNet5()(torch.rand(20, 1, 28, 28)) for _ in range(4)]  # one alone may have ten positive biases
    for logits in several:
        check_tensor(logits, (20, 10), torch.float32, name="the logits of 20 images")
    logits = torch.cat(several).detach()
    check_equal(
        bool((logits < 0).any()), True, name="whether some logits are negative", hint="no softmax, no ReLU at the end"
    )
    sums = logits.sum(1)
    check_equal(
        bool(torch.isclose(sums, torch.ones(80), atol=1e-4).all()),
        False,
        name="whether rows sum to 1",
        hint="no softmax",
    )

# %% nbgrader={"grade": true, "grade_id": "11_lenet5_layers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: what stands between the layers, and a batch of one.
### BEGIN HIDDEN TESTS
rng = generator("11 layers")
model = LeNet5()
for images in (torch.rand(5, 1, 28, 28, generator=rng), torch.rand(1, 1, 28, 28, generator=rng)):
    with check_unchanged(images=images):
        check_lenet_shapes(model, images)
        logits = model(images)
        check_tensor(logits, (len(images), 10), torch.float32, name="the logits")
        logits = logits.detach()
        alone = model(images[:1]).detach()
        trail = layer_trail(model, images)
    check_close(
        alone, logits[:1], name="the logits of the first image alone", hint="images do not depend on each other"
    )
    check_close(logits, trail[-1][1], name="the logits", hint="nothing after the last layer")
    for stage, ((_, output), (following, _)) in enumerate(itertools.pairwise(trail), start=1):
        given = following.flatten(1).sort(1).values
        pools = [F.max_pool2d, F.avg_pool2d] if stage <= 2 else [lambda values, _size: values]
        allowed = [pool(act(output), 2) for act in (torch.relu, torch.tanh) for pool in pools]
        allowed += [act(pool(output, 2)) for act in (torch.relu, torch.tanh) for pool in pools]
        matches = [
            torch.allclose(values.flatten(1).sort(1).values, given, atol=1e-5)
            for values in allowed
            if values.flatten(1).shape == given.shape
        ]
        check_equal(
            any(matches),
            True,
            name=f"whether ReLU or tanh{', and pooling 2 x 2,' if stage <= 2 else ''} follows layer {stage}",
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "11_lenet5_first_loss", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: the first loss for ten seeds.
### BEGIN HIDDEN TESTS
rng = generator("11 first loss")
digits = cvcourse.data.digits(train=True, source="embedded")
order = torch.randperm(len(digits.labels), generator=rng)
chosen = torch.cat([order[digits.labels[order] == label][:2] for label in range(10)])
images, labels = digits.images[chosen], digits.labels[chosen]
some_are_negative = False
for _ in range(10):
    torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
    model = LeNet5()
    with check_unchanged(images=images):
        check_lenet_shapes(model, images)
        logits = model(images).detach()
    bound = 0.0
    for name, parameter in model.named_parameters():
        values, is_weight = parameter.detach(), parameter.dim() > 1
        bound = values[0].numel() ** -0.5 if is_weight else bound  # a bias follows its weights and has their bound
        low = bound / 2 if is_weight else bound / 100
        largest = values.abs().max().item()
        check_between(
            largest, low, bound * 1.001, name=f"the largest initial value in {name}", hint="default initialisation"
        )
    loss = F.cross_entropy(logits, labels).item()
    check_between(
        loss,
        math.log(10) - 0.25,
        math.log(10) + 0.25,
        name="the first loss",
        hint="ln 10 = 2.303; default initialisation",
    )
    check_between(logits.std(0).max().item(), 1e-6, math.inf, name="how much the logits differ between images")
    some_are_negative |= bool((logits < 0).any())
    check_equal(bool(((logits.exp().sum(1) - 1).abs() < 1e-3).all()), False, name="whether the output is a log-softmax")
    check_equal(bool(((logits.sum(1) - 1).abs() < 1e-3).all()), False, name="whether rows sum to 1")
check_equal(some_are_negative, True, name="whether some logits are negative")  # a network alone may have none
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "11_lenet5_learns", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: 20 images learnt by heart in 200 steps of Adam, in a loop of the test's own.
### BEGIN HIDDEN TESTS
rng = generator("11 learns")
digits = cvcourse.data.digits(train=True, source="embedded")
order = torch.randperm(len(digits.labels), generator=rng)
chosen = torch.cat([order[digits.labels[order] == label][:2] for label in range(10)])
images, labels = digits.images[chosen], digits.labels[chosen]
torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
model = LeNet5()
before = [parameter.detach().clone() for parameter in model.parameters()]
optimizer = torch.optim.Adam(model.parameters(), 3e-3)
with check_unchanged(images=images):
    check_lenet_shapes(model, images)
    for _ in range(200):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    logits = model(images).detach()
check_equal(int((logits.argmax(1) == labels).sum()), 20, name="the number of right answers after 200 steps")
check_between(F.cross_entropy(logits, labels).item(), 0.0, 0.1, name="the loss after 200 steps")
learnt = [not torch.equal(old, new.detach()) for old, new in zip(before, model.parameters(), strict=True)]
check_equal(learnt, [True] * len(learnt), name="whether each parameter has changed", hint="no detach on the way")
check_equal(bool((logits < 0).any()), True, name="whether some logits are negative")
### END HIDDEN TESTS

# %% [markdown]
# ### Learning twenty images by heart
#
# One loop that you will write many times: forward, loss, gradients to zero, backward, step. The loss is the cross-entropy over the whole of
# `x` and `y` at every step, and each loss is noted before the step that it causes.


# %% nbgrader={"grade": false, "grade_id": "11_overfit", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["topic:A3"]
def overfit(model: nn.Module, x: Tensor, y: Tensor, steps: int, lr: float) -> list[float]:
    """Train a classifier on one small batch, all of it at every step, with Adam and cross-entropy.

    Args:
        model: maps `x` to logits (N, classes); it is trained in place.
        x: inputs, the first axis N.
        y: labels, shape (N,), int64.
        steps: number of updates.
        lr: learning rate of `torch.optim.Adam(model.parameters(), lr)`.

    Returns:
        The `steps` losses as Python floats, each measured before its update.

    Example:
        >>> overfit(nn.Linear(2, 3), torch.zeros(4, 2), torch.zeros(4, dtype=torch.long), steps=0, lr=0.1)
        []
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "11_overfit_visible", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
rng = generator("11 overfit visible")
x, y = torch.rand(12, 5, generator=rng), torch.arange(12) % 3
torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
mine, reference = nn.Linear(5, 3), nn.Linear(5, 3)
reference.load_state_dict(mine.state_dict())
expected = [F.cross_entropy(reference(x), y).item()]
optimizer = torch.optim.Adam(reference.parameters(), 0.1)
for _ in range(5):
    optimizer.zero_grad()
    F.cross_entropy(reference(x), y).backward()
    optimizer.step()
    expected.append(F.cross_entropy(reference(x), y).item())
with trying("11 overfit", "five steps"), check_unchanged(x=x, y=y):
    losses = overfit(model=mine, x=x, y=y, steps=5, lr=0.1)
    check_results(losses, list, 5, name="the losses of 5 steps")
    for step, (loss, right) in enumerate(zip(losses, expected, strict=False)):
        hint = "before the update; Adam; gradients to zero; the whole batch"
        check_between(loss, right - 1e-4, right + 1e-4, name=f"the loss of step {step}", hint=hint)
    left = F.cross_entropy(mine(x), y).item()
    check_between(
        left,
        expected[5] - 1e-4,
        expected[5] + 1e-4,
        name="the loss after 5 steps",
        hint="the model is trained in place",
    )

# %% nbgrader={"grade": true, "grade_id": "11_overfit_steps", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: a network of the test's own, step by step; a learning rate of 0; arguments unchanged.
### BEGIN HIDDEN TESTS
rng = generator("11 overfit steps")
for count, width, classes, lr in [(20, 6, 4, 0.02), (7, 3, 5, 0.1), (9, 4, 3, 0.0)]:
    x, y = torch.rand(count, 1, width, width, generator=rng), torch.randint(classes, (count,), generator=rng)
    torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
    mine, reference = (
        nn.Sequential(nn.Conv2d(1, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(3 * (width - 2) ** 2, classes))
        for _ in range(2)
    )
    reference.load_state_dict(mine.state_dict())
    before = {name: value.clone() for name, value in mine.state_dict().items()}
    optimizer, expected = torch.optim.Adam(reference.parameters(), lr), []
    for _ in range(8):
        loss = F.cross_entropy(reference(x), y)
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with check_unchanged(x=x, y=y):
        losses = overfit(mine, x, y, 8, lr)
    check_results(losses, list, 8, name="the losses of 8 steps")
    for step, (loss, right) in enumerate(zip(losses, expected, strict=True)):
        check_between(loss, right - 1e-3, right + 1e-3, name=f"the loss of step {step}, lr {lr}")
    with torch.no_grad():
        left, right = (F.cross_entropy(network(x), y).item() for network in (mine, reference))
    check_between(
        left, right - 1e-3, right + 1e-3, name=f"the loss after 8 steps, lr {lr}", hint="train the model in place"
    )
    if lr == 0:
        for name, value in mine.state_dict().items():
            check_close(value, before[name], name=f"{name} after 8 steps with lr 0")
for scale, lr in [(1, 0.1), (30, 0.02)]:  # the second one's gradients are large: their norm is far above 1
    x, y = scale * torch.rand(9, 4, generator=rng, dtype=torch.float64), torch.arange(9) % 3
    torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
    mine, reference = (nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)).double() for _ in range(2))
    if scale > 1:
        mine, reference = nn.Linear(4, 3).double(), nn.Linear(4, 3).double()
    reference.load_state_dict(mine.state_dict())
    optimizer, expected = torch.optim.Adam(reference.parameters(), lr), []
    for _ in range(80):  # in float64 and for so long that other settings of Adam show
        loss = F.cross_entropy(reference(x), y)
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with check_unchanged(x=x, y=y):
        losses = overfit(mine, x, y, 80, lr)
    check_results(losses, list, 80, name="the losses of 80 steps")
    for step, (loss, right) in enumerate(zip(losses, expected, strict=True)):
        name, hint = (
            f"the loss of step {step} of a network in float64",
            "plain Adam: only lr is set, gradients as they are",
        )
        near = 1e-7 * max(right, 1)
        check_between(loss, right - near, right + near, name=name, hint=hint)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "11_overfit_learns", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden test: 20 digits, 200 steps with lr 3e-3.
### BEGIN HIDDEN TESTS
rng = generator("11 overfit learns")
digits = cvcourse.data.digits(train=True, source="embedded")
order = torch.randperm(len(digits.labels), generator=rng)
chosen = torch.cat([order[digits.labels[order] == label][:2] for label in range(10)])
images, labels = digits.images[chosen], digits.labels[chosen]
torch.manual_seed(int(torch.randint(2**31, (), generator=rng)))
model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(6, 16, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(400, 120),
    nn.ReLU(),
    nn.Linear(120, 84),
    nn.ReLU(),
    nn.Linear(84, 10),
)
with torch.no_grad():
    first = F.cross_entropy(model(images), labels).item()
with check_unchanged(images=images, labels=labels):
    losses = overfit(model, images, labels, 200, 3e-3)
check_results(losses, list, 200, name="the losses of 200 steps")
check_between(losses[0], first - 1e-4, first + 1e-4, name="the first loss", hint="before the first update")
check_between(losses[-1], 0.0, 0.1, name="the last loss")
with torch.no_grad():
    right = int((model(images).argmax(1) == labels).sum())
check_equal(right, 20, name="the number of right answers after 200 steps")
### END HIDDEN TESTS

# %% [markdown]
# ## Before you hand in
#
# The next cell lists the outcome of the visible tests since the notebook was started. To be sure of what you hand in, choose
# *Kernel, Restart Kernel and Run All Cells* (on Colab *Runtime, Restart session and run all*), look at the list again, save,
# and hand in this one file under its own name. Running all cells stops at the first exercise that has no answer yet: that is
# as it should be, later exercises can be run one by one.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given"]
progress(
    [
        "1 conv_output_size",
        "2 correlate2d",
        "3 convolve2d",
        "4 pad2d",
        "5 conv2d",
        "6 conv2d_backward",
        "7 convolution_matrix",
        "8 max_pool2d",
        "8 avg_pool2d",
        "9 receptive_field",
        "9 empirical_receptive_field",
        "10 shift_equivariance_error",
        "11 LeNet5",
        "11 overfit",
    ]
)

# %% [markdown]
# ## Milestone: a network of your own functions reads digits
#
# No points, only the pleasure: below stands a LeNet-5 whose convolutions are your `conv2d`, whose gradients come from your
# `conv2d_backward` and whose pooling is your `max_pool2d`. Nothing of torch's convolutions is in it; autograd is told to ask your function
# when a gradient is due. It is trained on handwritten digits for at most 25 seconds and then reads digits that it has never seen.

# %% nbgrader={"grade": false, "grade_id": "milestone_waiting", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given", "after-grading"]
waiting = unanswered(
    {
        "5 conv2d": lambda: conv2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1)),
        "6 conv2d_backward": lambda: conv2d_backward(
            torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
        ),
        "8 max_pool2d": lambda: max_pool2d(torch.ones(1, 1, 2, 2), 2),
    }
)
print(f"The milestone waits for exercise {', '.join(waiting)}." if waiting else "The milestone has all that it needs.")


# %% nbgrader={"grade": false, "grade_id": "milestone_layers", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given", "after-grading", "topic:B7"]
class OwnConvolution(torch.autograd.Function):
    """Your convolution, differentiated by your gradient."""

    @staticmethod
    def forward(ctx, x, weight, bias, padding):
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        return conv2d(x, weight, bias, padding=padding)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return *conv2d_backward(grad_output, x, weight, padding=ctx.padding), None


class OwnConv2d(nn.Module):
    """A layer around it, with torch's initial values."""

    def __init__(self, channels, filters, kernel_size, padding=0):
        super().__init__()
        initial = nn.Conv2d(channels, filters, kernel_size)
        self.weight, self.bias, self.padding = initial.weight, initial.bias, padding

    def forward(self, x):
        return OwnConvolution.apply(x, self.weight, self.bias, self.padding)


class OwnMaxPool2d(nn.Module):
    """A layer around your pooling."""

    def forward(self, x):
        return max_pool2d(x, 2)


# %% nbgrader={"grade": false, "grade_id": "milestone_training", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given", "after-grading", "topic:C1"]
torch.manual_seed(0)
network = nn.Sequential(
    *(OwnConv2d(1, 6, 5, padding=2), nn.ReLU(), OwnMaxPool2d(), OwnConv2d(6, 16, 5), nn.ReLU(), OwnMaxPool2d()),
    *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
)
limit = cvcourse.by_budget(smoke=360, cpu=2000)
train, test = cvcourse.data.digits(train=True), cvcourse.data.digits(train=False, limit=limit)
if not waiting:
    optimizer, start = torch.optim.Adam(network.parameters(), 3e-3), time.monotonic()
    for step in range(1, cvcourse.by_budget(smoke=20, cpu=250) + 1):
        chosen = torch.randint(len(train), (64,))
        loss = F.cross_entropy(network(train.images[chosen]), train.labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step in (1, 10, 100) or step % 100 == 0:
            print(f"step {step}: loss {loss.item():.2f}")
        if time.monotonic() - start > 25:
            break
    with torch.no_grad():
        logits = torch.cat([network(images) for images in test.images.split(200)])
    right = logits.argmax(1) == test.labels
    print(
        f"after {step} steps of 64 images it reads {right.float().mean():.1%} of {len(test)} unseen digits ({test.source})"
    )

# %% nbgrader={"grade": false, "grade_id": "milestone_readings", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given", "after-grading"]
if not waiting:
    shown = torch.cat([right.nonzero().flatten()[:18], (~right).nonzero().flatten()[:6]])
    titles = [
        f"{reads}" if reads == label else f"{reads}, not {label}"
        for reads, label in zip(logits[shown].argmax(1).tolist(), test.labels[shown].tolist(), strict=True)
    ]
    figure = plotting.image_grid(
        test.images[shown], titles, columns=8, title="What the network reads, and at the end what it misreads"
    )
    plotting.show(
        figure, alt="Handwritten digits with the number that the network reads above each, and some that it misreads."
    )

# %% nbgrader={"grade": false, "grade_id": "milestone_maps", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["given", "after-grading"]
if not waiting:
    digit = test.images[:1]
    with torch.no_grad():
        maps = network[0](digit)[0]
    pictures = [digit[0, 0], *maps]
    titles = ["the digit", *(f"filter {k}" for k in range(1, 7))]
    figure = plotting.image_grid(pictures, titles, columns=7, title="What your first layer makes of a digit")
    plotting.show(
        figure, alt="A digit and the outputs of the six filters of the first layer, which answer to edges and strokes."
    )
