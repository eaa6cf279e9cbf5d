"""The guard refuses the reference however it is reached, allows the rest, and leaves nothing behind."""

import asyncio
import contextlib
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.signal
import scipy.sparse
import skimage.util
import torch
import torch.nn.functional as F
import torchvision
from numpy import correlate as early_correlate
from numpy import pad as early_pad
from scipy.ndimage import correlate as early_ndimage
from scipy.signal import convolve2d as early_scipy
from torch import nn
from torch.autograd import forward_ad
from torch.nn.functional import conv2d as early_conv2d

from cvcourse.checks import CheckError
from cvcourse.guard import (
    AUTOGRAD,
    CONVOLUTIONS,
    RefusedError,
    TooManyOperatorsError,
    count_operators,
    enforced,
    forbid,
    in_force,
    lasting,
    noting,
)

# C functions below the listed ones are known from the first block on: a grader has it before anybody's code runs.
with forbid(CONVOLUTIONS):
    pass
from numpy._core.multiarray import correlate as early_multiarray
from scipy.ndimage._nd_image import correlate1d as early_nd_image
from scipy.signal._sigtools import _convolve2d as early_sigtools

X, W = torch.rand(1, 1, 6, 6), torch.rand(1, 1, 3, 3)
FULL = (X, W, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
SIDES = (1, 1, 1, 1)


def import_inside():
    from numpy import pad

    return pad(X.numpy(), 1)


def import_new_module():
    import skimage.restoration  # not loaded by anything else here

    return skimage.restoration


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # TorchScript is deprecated, and there

    @torch.jit.script
    def scripted_pad(x):
        return F.pad(x, [1, 1, 1, 1], mode="circular")

    @torch.jit.script
    def scripted_branch(x, w):
        for _ in range(1):
            if x.dim() == 4:
                return scripted_pad(x)
        return x

    @torch.jit.script
    def scripted_loops(x, w):
        total = torch.zeros_like(x[..., 2:, 2:])
        for u in range(3):
            for v in range(3):
                total += w[0, 0, u, v] * x[..., u : u + 4, v : v + 4]
        return total

    class Padding(nn.Module):
        def forward(self, x):
            return F.pad(x, [1, 1, 1, 1], mode="circular")

    scripted_module = torch.jit.script(Padding())


class Calling(torch.Tensor):
    """A tensor that convolves while it is transformed."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return F.conv2d(X, W)


POOL = ThreadPoolExecutor(1)
POOL.submit(int).result()  # its thread has begun


def in_new_thread():
    got = []

    def work():
        with contextlib.suppress(RefusedError):
            got.append(F.conv2d(X, W))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not got


REFUSED = {
    "F.conv2d": lambda: F.conv2d(X, W),
    "bound before": lambda: early_conv2d(X, W),
    "torch.conv2d": lambda: torch.conv2d(X, W),
    "torch.convolution": lambda: torch.convolution(*FULL),
    "ops.convolution": lambda: torch.ops.aten.convolution(*FULL),
    "ops overload": lambda: torch.ops.aten.convolution.default(*FULL),
    "nn.Conv2d": lambda: nn.Conv2d(1, 1, 3)(X),
    "nn.Conv2d.forward": lambda: nn.Conv2d.forward(nn.Conv2d(1, 1, 3), X),
    "on meta": lambda: nn.Conv2d(1, 1, 3, device="meta")(X.to("meta")),
    "conv1d": lambda: F.conv1d(X[0], W[0]),
    "conv3d": lambda: F.conv3d(X[None], W[None]),
    "conv_transpose2d": lambda: F.conv_transpose2d(X, W),
    "nn.grad": lambda: torch.nn.grad.conv2d_weight(X, W.shape, torch.rand(1, 1, 4, 4)),
    "F.unfold": lambda: F.unfold(X, 3),
    "nn.Unfold": lambda: nn.Unfold(3)(X),
    "F.fold": lambda: F.fold(torch.rand(1, 9, 4), (4, 4), 3),
    "F.pad": lambda: F.pad(X, SIDES),
    "F.pad circular": lambda: F.pad(X, SIDES, mode="circular"),
    "F.pad reflect": lambda: F.pad(X, SIDES, mode="reflect"),
    "ops.pad": lambda: torch.ops.aten.pad(X, SIDES, "circular"),
    "ops.pad overload": lambda: torch.ops.aten.pad.default(X, SIDES, "circular"),
    "nn.CircularPad2d": lambda: nn.CircularPad2d(1)(X),
    "nn.ZeroPad2d": lambda: nn.ZeroPad2d(1)(X),
    "constant_pad_nd": lambda: torch.constant_pad_nd(X, SIDES),
    "max_pool2d": lambda: F.max_pool2d(X, 2),
    "nn.MaxPool2d": lambda: nn.MaxPool2d(2)(X),
    "avg_pool2d": lambda: F.avg_pool2d(X, 2),
    "adaptive_avg_pool2d": lambda: F.adaptive_avg_pool2d(X, 2),
    "lp_pool2d": lambda: F.lp_pool2d(X, 2, 2),
    "interpolate": lambda: F.interpolate(X, scale_factor=2),
    "torchvision.ops": lambda: torchvision.ops.deform_conv2d(X, torch.zeros(1, 18, 4, 4), W),
    "gaussian_blur": lambda: torchvision.transforms.functional.gaussian_blur(X, 3),
    "np.pad": lambda: np.pad(X.numpy(), 1),
    "np.pad bound before": lambda: early_pad(X.numpy(), 1),
    "np.pad imported inside": import_inside,
    "np.convolve": lambda: np.convolve([1, 2], [1, 2]),
    "np.correlate bound before": lambda: early_correlate([1, 2], [1, 2]),
    "scipy.signal": lambda: scipy.signal.fftconvolve(X[0, 0], W[0, 0]),
    "scipy.signal bound before": lambda: early_scipy(X[0, 0], W[0, 0]),
    "scipy.ndimage bound before": lambda: early_ndimage(X[0, 0].numpy(), W[0, 0].numpy()),
    "scipy.linalg": lambda: scipy.linalg.toeplitz([1, 2]),
    "scipy.sparse": lambda: scipy.sparse.diags([[1, 2]], [0]),
    "scipy.sparse, a class": lambda: scipy.sparse.csr_matrix((2, 2)),
    "in a thread": in_new_thread,
    "in a thread of before": lambda: POOL.submit(F.conv2d, X, W).result(),
    "operator in a thread": lambda: POOL.submit(torch.ops.aten.convolution, *FULL).result(),
    "circular in a thread": lambda: POOL.submit(F.pad, X, SIDES, "circular").result(),
    "asyncio": lambda: asyncio.run(asyncio.to_thread(torch.conv2d, X, W)),
    "TorchScript": lambda: scripted_pad(X),
    "TorchScript, called by it": lambda: scripted_branch(X, W),
    "TorchScript, a module": lambda: scripted_module(X),
    "a tensor's own class in torch.fft": lambda: torch.fft.fft2(X.as_subclass(Calling)),
    "np.vectorize": lambda: np.vectorize(np.convolve, signature="(n),(m)->(k)")(X[0, 0].numpy(), W[0, 0, 0].numpy()),
    "np.apply_along_axis": lambda: np.apply_along_axis(np.convolve, 1, X[0, 0].numpy(), W[0, 0, 0].numpy()),
    "numpy, in C": lambda: early_multiarray([1.0, 2.0], [1.0, 2.0]),
    "scipy.signal, in C": lambda: early_sigtools(X[0, 0].numpy(), W[0, 0].numpy(), 1, 2, 0, 0),
    "scipy.ndimage, in C": lambda: early_nd_image(X[0, 0].numpy(), np.ones(3), 0, np.zeros((6, 6)), 4, 0.0, 0),
    "skimage": lambda: skimage.util.view_as_windows(X.numpy(), (1, 1, 3, 3)),
}

ALLOWED = {
    "Tensor.unfold": lambda: X.unfold(2, 3, 1).unfold(3, 3, 1),
    "as_strided": lambda: X.as_strided((4, 4, 3, 3), (6, 1, 6, 1)).amax((-1, -2)),
    "einsum": lambda: torch.einsum("abij,cbij->ac", X[..., :3, :3], W),
    "matmul": lambda: X @ X,
    "tensordot": lambda: torch.tensordot(X, X, dims=4),
    "linear": lambda: F.linear(X, torch.rand(3, 6)),
    "fft with room": lambda: torch.fft.irfft2(torch.fft.rfft2(X, s=(9, 9)), s=(9, 9)),
    "fft bound before": lambda: torch.fft.fftn(X, s=(1, 1, 8, 8)),
    "indices": lambda: X[:, :, torch.arange(3)[:, None], torch.arange(3)],
    "index_add": lambda: torch.zeros(3).index_add_(0, torch.tensor([0, 1]), torch.ones(2)),
    "scatter_add": lambda: torch.zeros(3).scatter_add_(0, torch.tensor([0, 1]), torch.ones(2)),
    "roll": lambda: torch.roll(X, 1, 2),
    "cat": lambda: torch.cat([X.new_zeros(1, 1, 6, 1), X], 3),
    "kron": lambda: torch.kron(torch.eye(2), torch.rand(2, 2)),
    "cumsum": lambda: X.cumsum(-1),
    "vmap": lambda: torch.vmap(lambda image: image * 2)(X),
    "pad_sequence": lambda: nn.utils.rnn.pad_sequence([X[0, 0], X[0, 0, :3]]),
    "numpy there and back": lambda: torch.from_numpy(np.ascontiguousarray(X.numpy())),
    "sliding_window_view": lambda: np.lib.stride_tricks.sliding_window_view(X.numpy(), (3, 3), axis=(2, 3)),
    "np.einsum": lambda: np.einsum("nchw->n", X.numpy()),
    "np.fft": lambda: np.fft.irfft2(np.fft.rfft2(X.numpy(), s=(9, 9))),
    "np.take": lambda: np.take(X.numpy(), [-1, 0, 7], axis=2, mode="clip"),
    "numpy's own use of convolve": lambda: np.polymul([1, 2], [1, 2]),
    "slices in a thread": lambda: POOL.submit(lambda: (X[..., 1:] * 2).sum()).result(),
    "TorchScript with loops": lambda: scripted_loops(X, W),
    "gradients": lambda: (X.clone().requires_grad_().unfold(2, 3, 1).sum()).backward(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_reference_is_refused(name):
    with pytest.raises(RefusedError, match="is the reference of this exercise") as caught, forbid(CONVOLUTIONS):
        REFUSED[name]()
    assert "hint" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["F.conv2d", "torch.conv2d", "ops.convolution", "F.pad circular", "max_pool2d", "F.unfold", "nn.Conv2d"]
)
def test_the_reference_is_refused_in_inference_mode(name):
    with pytest.raises(RefusedError), torch.inference_mode(), forbid(CONVOLUTIONS):
        REFUSED[name]()


@pytest.mark.parametrize("operator", ["conv2d", "_pad_circular", "max_pool2d"])
def test_composite_operators_are_refused_in_inference_mode(operator):
    arguments = {"conv2d": (X, W), "_pad_circular": (X, SIDES), "max_pool2d": (X, [2, 2])}[operator]
    with pytest.raises(RefusedError), torch.inference_mode(), forbid(CONVOLUTIONS):
        getattr(torch.ops.aten, operator)(*arguments)


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("inference", [False, True])
def test_the_rest_is_allowed(name, inference):
    if inference and name == "gradients":
        return
    with torch.inference_mode(inference), forbid(CONVOLUTIONS):
        ALLOWED[name]()


def test_new_modules_of_refused_packages_are_not_loaded():
    if "skimage.restoration" in sys.modules:
        pytest.skip("something else has loaded it")
    with pytest.raises(RefusedError, match=r"skimage\.restoration"), forbid(CONVOLUTIONS):
        import_new_module()
    assert "skimage.restoration" not in sys.modules
    import_new_module()


run_engine = torch.autograd.Variable._execution_engine.run_backward


def squares(value):
    return (value**2).sum()


@pytest.mark.parametrize(
    "way",
    [
        lambda y: torch.autograd.grad(squares(y), y),
        lambda y: squares(y).backward(),
        lambda y: torch.autograd.backward(squares(y)),
        lambda y: torch.autograd.functional.jacobian(squares, y),
        lambda y: torch.func.vjp(squares, y.detach())[1](torch.tensor(1.0)),
        lambda y: torch.func.grad(squares)(y.detach()),
        lambda y: torch.func.jacrev(squares)(y.detach()),
        lambda y: torch.autograd.graph._engine_run_backward(
            (squares(y),), (torch.tensor(1.0),), False, False, (y,), False
        ),
        lambda y: run_engine((squares(y),), (torch.tensor(1.0),), False, False, (y,), False, accumulate_grad=False),
    ],
    ids=["grad", "Tensor.backward", "backward", "jacobian", "vjp", "func.grad", "jacrev", "graph", "engine"],
)
def test_autograd_is_refused_where_the_exercise_says_so(way):
    leaf = torch.rand(3, requires_grad=True)
    with forbid(CONVOLUTIONS):
        way(leaf)
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS, AUTOGRAD):
        way(leaf)


def test_forward_differentiation_is_refused_where_the_exercise_says_so():
    with pytest.raises(RefusedError), forbid(AUTOGRAD), forward_ad.dual_level():
        forward_ad.make_dual(torch.rand(3), torch.rand(3))


def test_a_caught_refusal_is_raised_at_the_end():
    with pytest.raises(RefusedError, match="conv2d"), forbid(CONVOLUTIONS), contextlib.suppress(Exception):
        F.conv2d(X, W)


def test_everything_is_put_back():
    codes = [early_scipy.__code__, early_pad.__wrapped__.__code__, F.pad.__code__]
    finders = list(sys.meta_path)
    for error in (None, ZeroDivisionError):
        with contextlib.suppress(ZeroDivisionError), forbid(CONVOLUTIONS), forbid(CONVOLUTIONS, AUTOGRAD):
            assert early_scipy.__code__ is not codes[0]
            if error:
                raise error
        assert [early_scipy.__code__, early_pad.__wrapped__.__code__, F.pad.__code__] == codes
        assert sys.meta_path == finders
        assert torch._C._len_torch_dispatch_stack() == 0 and torch._C._len_torch_function_stack() == 0
        assert F.conv2d(X, W).shape == (1, 1, 4, 4)
        assert early_scipy(X[0, 0], W[0, 0]).shape == (8, 8)
        assert np.pad([1], 1).tolist() == [0, 1, 0]


def test_the_error_is_an_assertion_and_a_course_error():
    assert issubclass(RefusedError, CheckError) and issubclass(CheckError, AssertionError)


def test_the_guard_does_not_load_torch_s_compiler():
    code = "import sys, torch\nfrom cvcourse.guard import *\n"
    code += "with forbid(CONVOLUTIONS, AUTOGRAD), count_operators(9): torch.ones(2) + 1\n"
    code += "assert 'torch._dynamo' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_operators_are_counted():
    with count_operators() as counter:
        _ = (X + 1).sum()
        _ = F.conv2d(X, W)
    assert counter.count == 3


def test_operators_in_other_threads_are_counted():
    with pytest.raises(TooManyOperatorsError), count_operators(limit=5):
        POOL.submit(lambda: [X + 1 for _ in range(10)]).result()
    with count_operators() as counter:
        POOL.submit(lambda: [X + 1 for _ in range(10)]).result()
    assert counter.count == 10
    assert POOL.submit(lambda: F.conv2d(X, W)).result().shape == (1, 1, 4, 4)


def test_the_limit_stops_at_once():
    done = []

    def many():
        for _ in range(100):
            done.append(X + 1)

    with pytest.raises(TooManyOperatorsError, match="more than 5 operators"), count_operators(limit=5):
        many()
    assert len(done) == 5


def test_the_limit_holds_where_the_error_is_caught():
    def stubborn():
        for _ in range(10):
            with contextlib.suppress(Exception):
                _ = X + 1

    with pytest.raises(TooManyOperatorsError), count_operators(limit=5):
        stubborn()


def test_the_limit_itself_is_allowed():
    with count_operators(limit=2):
        _ = X + 1
        _ = X + 1


def test_what_is_in_force_can_be_repeated_elsewhere():
    assert in_force() == ((), ())
    with forbid(CONVOLUTIONS), forbid(AUTOGRAD), count_operators(limit=3) as counter:
        assert in_force() == ((CONVOLUTIONS, AUTOGRAD), (counter,))
        in_force()[1][0].add(2)
        assert counter.count == 2
    assert in_force() == ((), ())


def catch_what_is_refused(ones):
    with forbid(CONVOLUTIONS):
        with contextlib.suppress(RefusedError), enforced():
            np.pad(ones, 1)
        np.pad(ones, 1)  # within `noting` it is noted only, what was met before still counts


def test_noted_blocks_refuse_only_where_they_are_enforced():
    image, ones = torch.zeros(1, 1, 4, 4), np.ones((2, 2))
    with noting():
        with forbid(CONVOLUTIONS):
            assert in_force() == ((CONVOLUTIONS,), ())
            F.conv2d(image, image), np.pad(ones, 1)
        with pytest.raises(RefusedError, match="conv2d"), forbid(CONVOLUTIONS), enforced():
            F.conv2d(image, image)
        with pytest.raises(RefusedError, match="pad"):
            catch_what_is_refused(ones)
        with enforced():
            F.conv2d(image, image)
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        F.conv2d(image, image)
    with enforced(), pytest.raises(RefusedError), forbid(CONVOLUTIONS), enforced():
        F.conv2d(image, image)
    assert in_force() == ((), ())


def test_lasting_blocks_refuse_only_inside_and_put_everything_back_at_the_end():
    before = scipy.signal.correlate2d.__code__, np.pad.__wrapped__.__code__
    ones = np.ones((2, 2))
    with lasting():
        for _ in range(2):
            with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
                scipy.signal.correlate2d(ones, ones)
            assert scipy.signal.correlate2d(ones, ones)[1, 1] == 4  # between the blocks nothing is refused
        assert scipy.signal.correlate2d.__code__ is not before[0]
        with forbid(AUTOGRAD):
            assert np.pad(ones, 1).shape == (4, 4)  # another block's refusal does not hold here
        with lasting(), pytest.raises(RefusedError), forbid(CONVOLUTIONS):
            np.pad(ones, 1)
    assert (scipy.signal.correlate2d.__code__, np.pad.__wrapped__.__code__) == before
