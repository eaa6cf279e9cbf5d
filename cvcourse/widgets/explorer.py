"""What every explorer shares: controls, a picture that follows them, a line of text, and a still picture."""

import base64
import html
from collections.abc import Sequence
from typing import Any

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from cvcourse import plotting

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Explorer:
    """Controls beside a picture. A subclass says what the controls are and draws the picture.

    The picture is a PNG in an `ipywidgets.Image`, so a moved slider replaces the image and nothing else. Shown in a
    notebook, the explorer writes a widget and a PNG into one output: where no kernel runs, the PNG is what is seen.

    Attributes:
        controls: the widgets by name; set a `value` to use the explorer from code.
        image: the picture.
        text: one line that says in words what the picture shows; it is the picture's alt text as well.
    """

    def __init__(self, controls: dict[str, ipywidgets.Widget], rows: Sequence[Sequence[str]]) -> None:
        self.controls = controls
        self.text = ""
        self.image = ipywidgets.Image(format="png")
        self.line = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        self._redrawing = False
        for control in controls.values():
            # A Play button moves a slider in the browser; the slider alone reports, or every step would draw twice.
            if control.has_trait("value") and not isinstance(control, ipywidgets.Play):
                control.observe(self._changed, names="value")
        boxes = [ipywidgets.HBox([controls[name] for name in row], layout={"flex_flow": "row wrap"}) for row in rows]
        self.ui = ipywidgets.VBox([*boxes, self.message, self.line, self.image])
        self.redraw()

    def draw(self) -> Figure:
        """The picture for the controls' values; sets `self.text`. A `ValueError` is shown in words instead."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Bring the controls in line with each other before the picture is drawn; their changes draw nothing here."""

    def redraw(self) -> None:
        """Draw the picture for the controls as they are now."""
        if self._redrawing:
            return
        self._redrawing = True
        try:
            with plotting.style():
                self.prepare()
                self.image.value = plotting.png(self.draw())
            self.message.value = ""
            self.line.value = html.escape(self.text)
        except ValueError as error:
            self.message.value = f"<span style='color:{plotting.RED}'>{html.escape(str(error))}</span>"
        finally:
            self._redrawing = False

    def _changed(self, _: Any) -> None:
        self.redraw()

    def _ipython_display_(self) -> None:
        data = {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.ui.model_id}}
        data |= {"image/png": base64.b64encode(self.image.value).decode("ascii"), "text/plain": self.text}
        display(data, raw=True, metadata={"image/png": {"alt": self.text}})


def slider(description: str, value: int, low: int, high: int) -> ipywidgets.IntSlider:
    """A slider over whole numbers that reports while it moves; its description is its accessible name."""
    layout = {"width": "310px"}
    style = {"description_width": "110px"}
    return ipywidgets.IntSlider(value=value, min=low, max=high, description=description, layout=layout, style=style)


def choice(description: str, options: Sequence[str], value: str | None = None) -> ipywidgets.Dropdown:
    """A list to choose one entry from."""
    style = {"description_width": "110px"}
    layout = {"width": "310px"}
    return ipywidgets.Dropdown(
        options=list(options), value=value or options[0], description=description, layout=layout, style=style
    )
