"""The explorers without a browser: change a control, look at the picture and the numbers."""

import base64
import io
import warnings

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image
from torch import nn
from torch.nn import functional as F

with warnings.catch_warnings():  # ipywidgets 7 meets deprecations of newer libraries when it is imported
    warnings.simplefilter("ignore", DeprecationWarning)
    from cvcourse.widgets import ConvolutionExplorer, ReceptiveFieldExplorer, convolution, receptive_field


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.image.value)).convert("L"))


@pytest.fixture
def conv():
    return ConvolutionExplorer()


@pytest.fixture
def field():
    return ReceptiveFieldExplorer()


def test_the_first_output_is_that_of_the_lecture(conv):
    assert conv.text.startswith("Output (0, 0) is 2 + 5 + 4 + 3 + 2 = 16.")
    assert "⌊(5 + 2·0 − 1·(3 − 1) − 1) / 1⌋ + 1 = 3; output 3 × 3" in conv.text


def test_every_position_gives_its_number_and_a_picture_of_its_own(conv):
    pictures, values = set(), []
    for position in range(9):
        conv.controls["position"].value = position
        pictures.add(conv.image.value)
        values.append(int(conv.text.split(" = ")[1].split(".")[0]))
    assert values == [16, 15, 14, 13, 13, 16, 15, 11, 13]
    assert len(pictures) == 9


@pytest.mark.parametrize(
    ("control", "value"), [("padding", 1), ("stride", 2), ("dilation", 2), ("kernel", "Laplacian")]
)
def test_each_control_changes_the_picture_and_the_output_is_torch_s(conv, control, value):
    before = conv.image.value
    conv.controls[control].value = value
    assert conv.image.value != before and pixels(conv).std() > 5
    padding, _, stride, dilation = conv.settings()
    expected = F.conv2d(
        conv.small[None, None], conv.kernel[None, None], padding=padding, stride=stride, dilation=dilation
    )
    torch.testing.assert_close(conv.output(conv.small)[1], expected[0, 0])
    assert conv.text.endswith(f"output {expected.shape[2]} × {expected.shape[3]}")
    assert conv.controls["position"].max == conv.controls["play"].max == expected.numel() - 1


@pytest.mark.parametrize("mode", ["replicate", "reflect", "circular"])
def test_padding_modes_differ_from_zeros(conv, mode):
    conv.controls["padding"].value = 2
    before = conv.image.value
    conv.controls["mode"].value = mode
    assert conv.image.value != before
    torch.testing.assert_close(conv.output(conv.small)[0], F.pad(conv.small[None, None], (2,) * 4, mode)[0, 0])


def test_the_photograph(conv):
    conv.controls["view"].value = "photograph"
    blurred = conv.image.value
    conv.controls["kernel"].value = "Sobel, left to right"
    assert conv.image.value != blurred and "output 254 × 254" in conv.text
    assert conv.controls["position"].disabled
    conv.controls["view"].value = convolution.SMALL
    assert not conv.controls["position"].disabled and "output 3 × 3" in conv.text


def test_a_typed_kernel_is_used_and_a_chosen_one_is_written_out(conv):
    conv.controls["typed"].value = "1/2 0, -1; 2 3 4"
    assert conv.controls["kernel"].value == convolution.TYPED
    assert conv.kernel.tolist() == [[0.5, 0, -1], [2, 3, 4]]
    conv.controls["kernel"].value = "sharpen"
    assert conv.controls["typed"].value == convolution.KERNELS["sharpen"]
    assert conv.kernel[1, 1] == 5
    assert ConvolutionExplorer(kernel="1 2; 3 4").kernel.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("typed", ["1 2; 3", "a b; c d", "", ";", "1/0", "nan", "1 " * 8, "1;" * 8])
def test_a_typed_kernel_that_cannot_be_used_is_explained(conv, typed):
    before = conv.image.value
    conv.controls["typed"].value = typed
    assert "kernel" in conv.message.value and conv.image.value == before
    conv.controls["typed"].value = "1"
    assert conv.message.value == "" and "output 5 × 5" in conv.text


def test_a_kernel_that_does_not_fit_is_explained(conv):
    conv.controls["dilation"].value = 3
    assert "spans 7 x 7" in conv.message.value
    conv.controls["padding"].value = 1
    assert conv.message.value == "" and "output 1 × 1" in conv.text


@pytest.mark.parametrize("wrong", [torch.rand(3, 4, 5), torch.rand(40, 3)])
def test_a_small_image_is_small(wrong):
    with pytest.raises(ValueError, match="image"):
        ConvolutionExplorer(image=wrong)


def test_the_three_stacks_of_three_by_three_see_seven(field):
    assert "sees the 7 × 7 input pixels from row 13, column 13" in field.text


@pytest.mark.parametrize(
    ("network", "seen", "jump"),
    [
        ("one 7 x 7", 7, 1),
        ("dilations 1, 2, 4", 15, 1),
        ("LeNet-5's convolutions", 16, 4),
        ("VGG-16 up to conv3_3", 40, 4),
    ],
)
def test_known_networks(field, network, seen, jump):
    before = field.image.value
    field.controls["network"].value = network
    assert f"{seen} × {seen}" in field.text and f"lies {jump} pixel" in field.text
    assert field.image.value != before and pixels(field).std() > 5


def test_moving_the_output_pixel_moves_the_field(field):
    field.controls["network"].value = "LeNet-5's convolutions"
    before = field.image.value
    field.controls["column"].value = 1
    assert "from row 16, column 4 on" in field.text and field.image.value != before


def test_layers_are_edited_added_and_removed(field):
    field.controls["layer"].value = 1
    field.controls["stride"].value = 2
    assert field.layers == [(3, 1, 1), (3, 2, 1), (3, 1, 1)]
    assert field.controls["network"].value == receptive_field.OWN and "9 × 9" in field.text
    field.controls["add"].click()
    assert field.layers[-1] == (3, 1, 1) and field.controls["layer"].value == 3 and "13 × 13" in field.text
    field.controls["layer"].value = 0
    field.controls["remove"].click()
    assert field.layers == [(3, 2, 1), (3, 1, 1), (3, 1, 1)] and "11 × 11" in field.text
    for _ in range(4):
        field.controls["remove"].click()
    assert field.layers == [] and "1 × 1" in field.text
    field.controls["add"].click()
    assert "3 × 3" in field.text


def test_what_does_not_fit_is_explained_and_left_out(field):
    for _ in range(20):
        field.controls["layer"].value = len(field.layers) - 1
        field.controls["stride"].value = 4
        field.controls["add"].click()
    assert len(field.layers) <= receptive_field.MOST_LAYERS
    assert "does not fit" in field.message.value
    receptive_field.sizes(field.layers, 256)  # raises if the stack that is shown did not fit


@pytest.mark.parametrize("seed", range(5))
def test_paths_are_the_gradient_of_a_network_of_ones(seed):
    generator = np.random.default_rng(seed)
    layers = [tuple(int(n) for n in generator.integers(1, (4, 3, 3))) for _ in range(3)]
    net = nn.Sequential(*[nn.Conv1d(1, 1, k, s, dilation=d, bias=False) for k, s, d in layers]).double()
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    signal = torch.zeros(1, 1, 41, dtype=torch.float64, requires_grad=True)
    output = net(signal)
    position = output.shape[2] // 2
    output[..., position].sum().backward()
    levels = receptive_field.paths(layers, 41, position)
    torch.testing.assert_close(levels[0], signal.grad[0, 0])
    assert [len(level) for level in levels] == receptive_field.sizes(layers, 41)


@pytest.mark.parametrize("kind", [ConvolutionExplorer, ReceptiveFieldExplorer])
def test_controls_have_names_and_the_output_has_a_still_picture(kind):
    explorer = kind()
    assert all(control.description for control in explorer.controls.values())
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            explorer._ipython_display_()
    finally:
        InteractiveShell.clear_instance()
    (output,) = captured.outputs
    view = output.data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == explorer.ui.model_id
    assert base64.b64decode(output.data["image/png"]) == explorer.image.value
    assert output.metadata["image/png"]["alt"] == explorer.text == output.data["text/plain"]
