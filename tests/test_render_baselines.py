"""The measures of `benchmarks/data.py`, and the examples in the docstrings of the renderers."""

import doctest
import importlib
import sys
from pathlib import Path

import pytest
import torch

from cvcourse.data.scenes import Scenes


@pytest.fixture
def baselines(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    yield lambda name: importlib.import_module(f"baselines.{name}")
    for name in [name for name in sys.modules if name.split(".")[0] == "baselines"]:
        del sys.modules[name]


def test_average_precision_is_1_for_the_truth_and_0_for_nothing(baselines):
    detection = baselines("detection")
    scenes = Scenes(12, size=64).batch(range(12))
    truth = [
        detection.Detections(boxes[labels > 0], labels[labels > 0], torch.ones(int((labels > 0).sum())))
        for boxes, labels in zip(scenes.boxes, scenes.labels, strict=True)
    ]
    assert detection.average_precision(truth, scenes) == pytest.approx(1)
    assert (
        detection.average_precision([one.__class__(one.boxes + 40, one.labels, one.scores) for one in truth], scenes)
        == 0
    )


def test_average_precision_of_a_worked_example(baselines):
    detection = baselines("detection")
    scenes = Scenes(1, size=64, kinds=["circle"], objects=(2, 2), seed=3).batch([0])
    assert (scenes.labels > 0).sum() == 2
    first, second = scenes.boxes[0, :2]
    # Right, wrong (a second box on the same circle), right: precision 1 up to recall 0.5, then 2/3.
    found = detection.Detections(torch.stack([second, second, first]), torch.ones(3), torch.tensor([0.9, 0.8, 0.7]))
    assert detection._of_kind([found], scenes, 1, 0.5) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_cells_answer_for_the_smallest_box_around_them(baselines):
    detection = baselines("detection")
    boxes = torch.tensor([[[0.0, 0.0, 40.0, 40.0], [16.0, 16.0, 28.0, 28.0], [0.0, 0.0, 0.0, 0.0]]])
    rows = detection.assign(boxes, torch.tensor([[1, 2, 0]]), 16)[0]
    assert rows[5, 5] == 1 and rows[3, 3] == 0 and rows[12, 12] == -1 and set(rows.unique().tolist()) == {-1, 0, 1}


def test_equal_error_rate(baselines):
    recognition = baselines("recognition")
    people = torch.arange(30).repeat_interleave(4)
    apart = torch.nn.functional.one_hot(people).float()
    assert recognition.equal_error_rate(apart, people) == pytest.approx(0, abs=1e-3)
    noise = torch.randn(120, 8, generator=torch.Generator().manual_seed(0))
    assert recognition.equal_error_rate(noise, people) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("name", ["hashing", "scenes", "scene_clips", "microscopy", "faces"])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"cvcourse.data.{name}"))
    assert result.attempted > 0 and result.failed == 0
