"""The progress bar and the live curve that `cvcourse.fit` shows in a notebook while it trains."""

import time
from typing import TYPE_CHECKING

from IPython.display import display
from tqdm.notebook import tqdm

from cvcourse import plotting

if TYPE_CHECKING:
    from cvcourse.training import History

SECONDS_BETWEEN_PICTURES = 3.0


class LiveCurve:
    """A bar and a curve below a cell; at the end the bar gives way to one line, so that no widget stays behind."""

    def __init__(self, name: str, steps: int, history: "History") -> None:
        self.name, self.history = name, history
        self.bar = tqdm(total=steps, desc=name or "training", display=False)
        # Published as data: ipywidgets 7 displays itself without the identifier by which the bar is replaced later.
        view = {"model_id": self.bar.container.model_id, "version_major": 2, "version_minor": 0}
        bundle = {"application/vnd.jupyter.widget-view+json": view, "text/plain": name or "training"}
        self.line = display(bundle, raw=True, display_id=True)
        self.curve = None
        self.drawn = time.monotonic()

    def step(self) -> None:
        """Count one step, and draw the curve anew where the last picture is some seconds old."""
        self.bar.update()
        if time.monotonic() - self.drawn > SECONDS_BETWEEN_PICTURES and len(self.history.losses) > 1:
            self.draw()

    def draw(self) -> None:
        title = f"{self.name}: learning curves" if self.name else "Learning curves"
        figure = plotting.learning_curves(self.history, title)
        alt = f"{title}: the training loss over {len(self.history.losses)} steps and the accuracy after each epoch."
        data, metadata = plotting.picture(figure, alt)
        plotting.plt.close(figure)
        if self.curve is None:
            self.curve = display(data, raw=True, metadata=metadata, display_id=True)
        else:
            self.curve.update(data, raw=True, metadata=metadata)
        self.drawn = time.monotonic()

    def close(self) -> None:
        """Leave the last curve, and in the bar's place the line that sums up the run."""
        if self.history.train_accuracy:
            self.draw()
        text = f"{self.name}: {self.history}" if self.name else str(self.history)
        self.line.update({"text/plain": text}, raw=True)
        self.bar.close()
