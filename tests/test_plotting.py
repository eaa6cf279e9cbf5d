"""Pictures with alt text, in and outside a notebook."""

import base64
import io

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib import pyplot as plt
from PIL import Image

from cvcourse import plotting
from cvcourse.training import History


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def texts(figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_show_writes_png_and_alt_text_and_closes(shell):
    figure, ax = plt.subplots(figsize=(3, 2))
    ax.plot([1, 2])
    with capture_output() as captured:
        plotting.show(figure, alt="A rising line.")
    (output,) = captured.outputs
    assert output.metadata == {"image/png": {"alt": "A rising line."}}
    assert pixels(base64.b64decode(output.data["image/png"])).min() < 128
    assert not plt.get_fignums()


def test_show_outside_ipython_closes_and_shows_nothing(capsys, monkeypatch):
    monkeypatch.setattr(plotting, "in_ipython", lambda: False)
    plotting.show(plt.figure(), alt="x")
    assert not plt.get_fignums() and capsys.readouterr().out == ""


def test_show_wants_an_alt_text():
    with pytest.raises(ValueError, match="alt"):
        plotting.show(plt.figure(), alt="  ")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 7), (5, 7)), ((1, 5, 7), (5, 7)), ((3, 5, 7), (5, 7, 3)), ((5, 7, 3), (5, 7, 3)), ((5, 7, 1), (5, 7))],
)
def test_to_image_takes_the_usual_layouts(shape, expected):
    image = torch.rand(shape, requires_grad=True)
    assert plotting.to_image(image).shape == expected
    assert plotting.to_image(image.detach().numpy()).shape == expected


def test_to_image_keeps_channels_in_order():
    image = torch.stack([torch.zeros(4, 6), torch.full((4, 6), 0.5), torch.ones(4, 6)])
    assert (plotting.to_image(image)[2, 3] == (0, 0.5, 1)).all()


@pytest.mark.parametrize("shape", [(2, 1, 5, 7), (4,), (2, 5, 7)])
def test_to_image_refuses_what_is_no_image(shape):
    with pytest.raises(ValueError, match="an image has shape"):
        plotting.to_image(torch.rand(shape))


def test_image_grid_shows_every_image_with_its_title():
    figure = plotting.image_grid(torch.rand(5, 1, 8, 8), titles=list("abcde"), columns=3, title="five")
    assert [ax.get_title() for ax in figure.axes] == list("abcde")
    assert len({round(ax.get_position().y0, 6) for ax in figure.axes}) == 2  # rows
    width, height = figure.get_size_inches()
    assert all(ax.get_position().width * width == pytest.approx(1.3) for ax in figure.axes)
    assert all(ax.get_position().height * height == pytest.approx(1.3) for ax in figure.axes)
    assert figure.get_suptitle() == "five"


def test_draw_matrix_writes_the_numbers_and_leaves_nan_empty():
    figure, ax = plt.subplots()
    plotting.draw_matrix(ax, torch.tensor([[1.0, -2.5], [torch.nan, -0.0]]), "m", outline=(0, 1, 2, 1))
    assert texts(figure) == ["1", "\N{MINUS SIGN}2.5", "", "0"]
    assert ax.patches[0].get_bbox().bounds == (0.5, -0.5, 1, 2)


def test_draw_matrix_text_stands_out_from_its_cell():
    _figure, ax = plt.subplots()
    plotting.draw_matrix(ax, [[0.0, 1.0]], vmin=0, vmax=1)
    assert [text.get_color() for text in ax.texts] == ["black", "white"]


def test_matrices_have_cells_of_one_size():
    figure = plotting.matrices([np.eye(5), np.ones((3, 3)), np.zeros((2, 4))], ["a", "b", "c"], between="*=")
    width, height = figure.get_size_inches()
    for ax, (rows, columns) in zip(figure.axes, [(5, 5), (3, 3), (2, 4)], strict=True):
        box = ax.get_position()
        assert (box.width * width / columns, box.height * height / rows) == pytest.approx((0.34, 0.34))
    assert [text.get_text() for text in figure.texts] == ["*", "="]


def test_bars_and_curves_carry_names_and_numbers():
    _figure, (left, right) = plt.subplots(1, 2)
    plotting.draw_bars(left, ["a", "b"], torch.tensor([0.25, 0.5]), [0.1, 0.2], title="bars", ylabel="share")
    assert [text.get_text() for text in left.texts] == ["0.25", "0.5"]
    plotting.draw_curves(
        right,
        {"x": (torch.tensor([1, 2]), torch.tensor([3, 4.0], requires_grad=True)), "y": ([1, 2], [5, 6])},
        "curves",
        "time",
        "height",
    )
    assert [line.get_label() for line in right.lines] == ["x", "y"]
    assert len({(line.get_color(), line.get_linestyle()) for line in right.lines}) == 2
    assert (right.get_xlabel(), right.get_ylabel()) == ("time", "height")


def test_learning_curves_show_means_of_the_losses():
    history = History([4.0, 2.0, 3.0, 1.0] * 40, [0.1] * 160, [0.5, 0.6], [0.4, 0.55])
    figure = plotting.learning_curves(history)
    raw, smooth = figure.axes[0].lines
    assert len(raw.get_ydata()) == 160 and np.allclose(smooth.get_ydata(), 2.5)
    assert [line.get_ydata().tolist() for line in figure.axes[1].lines] == [[0.5, 0.6], [0.4, 0.55]]
    assert plotting.learning_curves(History([1.0], [0.1], [0.5])).axes  # one step is enough


def test_colours_differ_for_colour_blind_readers():
    """Okabe and Ito's colours differ in lightness or hue under simulated deuteranopia (Machado et al., 2009)."""
    deutan = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
    seen = [deutan @ [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in plotting.COLOURS]
    for index, one in enumerate(seen):
        assert all(np.abs(one - other).max() > 0.1 for other in seen[index + 1 :])


def test_the_style_is_left_behind():
    before = dict(plt.rcParams)
    with plotting.style():
        assert plt.rcParams["image.cmap"] == "gray"
    assert dict(plt.rcParams) == before


def test_matrices_leave_room_for_their_labels():
    figure = plotting.matrices([np.eye(3), np.eye(2)], ["a", "b"])
    height = figure.get_size_inches()[1]
    assert figure.axes[0].get_position().y0 * height == pytest.approx(0.4)
    assert [ax.get_xlabel() for ax in figure.axes] == ["column", "column"]
    plain = plotting.matrices([np.eye(3)], ["a"], labels=False)
    assert plain.axes[0].get_position().y0 * plain.get_size_inches()[1] == pytest.approx(0.1)


@pytest.mark.parametrize(("value", "form", "text"), [(-0.001, "{:.2f}", "0.00"), (-1.5, "{:g}", "\N{MINUS SIGN}1.5")])
def test_a_rounded_zero_has_no_sign(value, form, text):
    figure, ax = plt.subplots()
    plotting.draw_matrix(ax, [[value]], form=form)
    assert texts(figure) == [text]


def test_windows_show_the_second_position_of_the_kernel():
    _, ax = plt.subplots()
    plotting.draw_windows(ax, 5, 3, padding=1, stride=2, dilation=1)
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert np.argwhere(shown == 1).min() == 3 and np.argwhere(shown == 1).max() == 5  # 2 - 1 + 2, three wide
    assert np.argwhere(shown == 0).min() == 1 and np.isnan(shown[0]).all()  # padding 1 inside a margin of 2
    frame = ax.patches[0].get_bbox()
    assert (frame.x0, frame.width) == (1.5, 5)


def test_heat_maps_and_bar_chart_carry_names():
    figure = plotting.heat_maps(
        [torch.rand(3, 4), torch.rand(3, 4)], ["a", "b"], outlines=[(0, 1, 2, 2)] * 2, title="t"
    )
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"] and figure.get_suptitle() == "t"
    assert figure.axes[1].patches[0].get_bbox().bounds == (0.5, -0.5, 2, 2)
    chart = plotting.bar_chart({"x": 0.5, "y": 0.25}, title="t", ylabel="share", reference=0.7)
    assert [bar.get_height() for bar in chart.axes[0].patches] == [0.5, 0.25]
    assert chart.axes[0].lines[-1].get_ydata() == [0.7, 0.7]


def test_a_large_picture_is_made_smaller_and_looks_the_same():
    generator = np.random.default_rng(0)
    smooth = np.clip(np.linspace(0, 1, 300)[:, None] + 0.1 * generator.random((300, 300)), 0, 1)
    # Two figures: matplotlib gives a figure that is saved for the second time the default layout engine.
    first, second = (plotting.image_grid([smooth] * 3, size=3) for _ in range(2))
    full, small = plotting.png(first), base64.b64decode(plotting.picture(second, "noise")[0]["image/png"])
    assert len(full) > plotting.LARGE and len(small) < 0.8 * len(full)
    assert np.abs(pixels(full).astype(int) - pixels(small)).mean() < 3
