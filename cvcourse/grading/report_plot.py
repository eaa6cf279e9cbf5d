"""The plot of a class: points and outcomes per exercise."""

import io
import textwrap

from cvcourse.grading.outcomes import Outcome

_ORDER = (
    (Outcome.PASSED, "#009E73", ""),
    (Outcome.FAILED, "#D55E00", "//"),
    (Outcome.NOT_ATTEMPTED, "#BBBBBB", ""),
    (Outcome.CRASHED, "#000000", ""),
    (Outcome.TIMED_OUT, "#E69F00", "xx"),
    (Outcome.REFUSED, "#0072B2", "\\\\"),
    (Outcome.BROKEN, "#CC79A7", ".."),
    (Outcome.BY_HAND, "#56B4E9", ""),
    (Outcome.FAULT, "#F0E442", "--"),
)


def draw_class(unit: str, exercises: list) -> bytes:
    """A PNG: on the left the mean share of points of each exercise, on the right how its test cells ended.

    Args:
        unit: the assignment.
        exercises: `cvcourse.grading.report.ExerciseResult`s in order.
    """
    from matplotlib.figure import Figure

    names = ["\n".join(textwrap.wrap(one.name, 34)) for one in exercises]
    places = range(len(exercises))
    figure = Figure(figsize=(11, 1.6 + 0.62 * len(exercises)), layout="constrained", dpi=110)
    left, right = figure.subplots(1, 2, sharey=True)
    shares = [100 * one.mean / one.max_points if one.max_points else 0.0 for one in exercises]
    left.barh(places, shares, color="#0072B2")
    for place, share in zip(places, shares, strict=True):
        left.text(min(share, 88) + 1, place, f"{share:.0f} %", va="center", color="white" if share > 88 else "black")
    left.set(title="Mean share of points", xlabel="percent, mean over those who handed in", xlim=(0, 100))
    left.set_yticks(places, names)
    left.invert_yaxis()
    _outcomes(right, places, exercises)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(unit)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _outcomes(axes, places, exercises: list) -> None:
    totals = [sum(one.outcomes.values()) or 1 for one in exercises]
    start = [0.0] * len(exercises)
    for outcome, colour, hatch in _ORDER:
        parts = [100 * one.outcomes.get(outcome, 0) / total for one, total in zip(exercises, totals, strict=True)]
        if any(parts):
            axes.barh(places, parts, left=start, color=colour, hatch=hatch, edgecolor="white", label=str(outcome))
        start = [before + part for before, part in zip(start, parts, strict=True)]
    axes.set(title="How the test cells ended", xlabel="percent of the class's test cells", xlim=(0, 100))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
