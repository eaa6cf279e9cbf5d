"""The scenes and clips: pure, with targets that agree with each other and with the picture."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.utils.data import DataLoader
from torchvision import ops, tv_tensors
from torchvision.transforms import v2

from cvcourse.data.scene_clips import SceneClips
from cvcourse.data.scenes import CLASSES, Scenes
from cvcourse.data.shapes import AREAS, SHAPES
from tests.rendered_checks import check_pure, fingerprint

EVERYTHING = ("boxes", "labels", "masks", "ids", "semantic")


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: Scenes(40, seed=seed, size=64),
        lambda seed: Scenes(40, seed=seed, size=100, difficulty=2.5, objects=(8, 12)),
        lambda seed: SceneClips(40, seed=seed, size=64, frames=3),
    ],
    ids=["64", "hard", "clips"],
)
def test_a_picture_depends_on_seed_and_index_alone(make):
    check_pure(make)


def test_fixed_sheet():
    scenes = Scenes(16, seed=0, size=64).batch(range(16))
    clips = SceneClips(2, seed=0, size=64, frames=4).batch([0, 1])
    assert fingerprint(scenes.images / 255) == "b111c156b7797f0d"
    assert fingerprint(clips.images.flatten(0, 1) / 255) == "c117b40e4db50bb9"


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_have_their_area_and_radius(name):
    axis = (torch.arange(1000) + 0.5) / 400 - 1.25
    u, v = axis[None], axis[:, None]
    inside = SHAPES[name](u, v, torch.tensor(1.0)) < 0
    assert inside.sum().item() / 400**2 == pytest.approx(AREAS[name], rel=5e-3)
    assert torch.hypot(u, v)[inside].max().item() == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize(("size", "difficulty"), [(48, 0), (64, 1), (96, 2), (128, 3)])
def test_targets_agree_with_each_other(size, difficulty):
    scenes = Scenes(60, seed=2, size=size, difficulty=difficulty, objects=(1, 9), targets=EVERYTHING)
    for image, target in scenes.__getitems__(list(range(60))):
        boxes, labels, masks, ids = (target[name] for name in ("boxes", "labels", "masks", "ids"))
        assert image.shape == (3, size, size) and image.dtype == torch.uint8 and isinstance(image, tv_tensors.Image)
        assert 1 <= len(labels) == len(boxes) == len(masks) <= 9
        edges = torch.tensor([0, 0, 1, 1])  # torchvision's boxes end on the last pixel, ours beyond it
        assert torch.equal(ops.masks_to_boxes(masks) + edges, boxes.as_subclass(torch.Tensor))
        assert masks.dtype == torch.bool and masks.sum(0).max() <= 1
        assert masks.flatten(1).sum(1).min() >= scenes.options.min_visible
        assert torch.equal(torch.unique(ids), torch.arange(len(labels) + 1, dtype=torch.uint8)) or ids.min() == 1
        painted = (masks * torch.arange(1, len(labels) + 1)[:, None, None]).sum(0)
        assert torch.equal(painted, ids.long())
        assert torch.equal((masks * labels[:, None, None]).sum(0), target["semantic"].long())
        assert labels.min() >= 1 and labels.max() < len(CLASSES)


def test_an_unhidden_object_covers_the_area_of_its_kind():
    for label, kind in enumerate(SHAPES, 1):
        scenes = Scenes(24, size=128, kinds=[kind], objects=(1, 1), radius=(0.2, 0.2), difficulty=0).batch(range(24))
        assert (scenes.labels == label).all()
        area = (scenes.ids > 0).flatten(1).sum(1).float()
        assert area.mean().item() == pytest.approx(AREAS[kind] * 25.6**2, rel=0.01)


def test_an_object_looks_unlike_the_background_around_it():
    scenes = Scenes(40, size=96, objects=(1, 1), radius=(0.15, 0.2), difficulty=0).batch(range(40))
    for image, ids in zip(scenes.images.float() / 255, scenes.ids.numpy(), strict=True):
        inside = torch.from_numpy(ndimage.binary_erosion(ids))
        near, far = (ndimage.binary_dilation(ids, iterations=steps) for steps in (6, 9))
        difference = image[:, inside].mean(1) - image[:, torch.from_numpy(far & ~near)].mean(1)
        assert difference.abs().max() > 0.15


def test_difficulty_makes_pictures_noisier_and_more_crowded():
    def roughness(difficulty: float) -> float:
        images = Scenes(48, size=64, difficulty=difficulty).batch(range(48)).images.float()
        return (images[..., 1:] - images[..., :-1]).abs().mean().item()

    values = [roughness(difficulty) for difficulty in (0, 0.5, 1, 2, 3)]
    assert values == sorted(values) and values[-1] > 3 * values[0]


def test_numbers_of_objects_and_kinds_are_those_asked_for():
    counts = (Scenes(150, size=64, objects=(2, 4)).batch(range(150)).labels > 0).sum(1)
    assert counts.max() == 4 and counts.min() >= 1 and (counts >= 2).float().mean() > 0.97
    labels = Scenes(150, size=64, kinds=["ring", "square"]).batch(range(150)).labels
    assert set(labels.unique().tolist()) == {0, 2, 5}
    share = (labels == 5).sum() / (labels > 0).sum()
    assert 0.4 < share < 0.6


def test_transforms_of_torchvision_move_boxes_and_masks_with_the_picture():
    plain = Scenes(20, size=64).__getitems__(list(range(20)))
    flipped = Scenes(20, size=64, transforms=v2.RandomHorizontalFlip(p=1)).__getitems__(list(range(20)))
    for (image, target), (mirrored, moved) in zip(plain, flipped, strict=True):
        assert torch.equal(mirrored, image.flip(-1)) and torch.equal(moved["masks"], target["masks"].flip(-1))
        edges = torch.tensor([0, 0, 1, 1])
        assert torch.equal(ops.masks_to_boxes(moved["masks"]) + edges, moved["boxes"].as_subclass(torch.Tensor))


def test_cropped_scenes_can_be_sanitised():
    crop = v2.Compose([v2.RandomCrop(24), v2.SanitizeBoundingBoxes(min_size=3)])
    torch.manual_seed(0)
    items = Scenes(30, size=64, transforms=crop).__getitems__(list(range(30)))
    sizes = {len(target["boxes"]) for _, target in items}
    assert 0 in sizes and len(sizes) > 2


def test_a_data_loader_gives_the_same_scenes():
    scenes = Scenes(12, size=64)
    loader = DataLoader(scenes, batch_size=5, collate_fn=list)
    items = [item for batch in loader for item in batch]
    assert torch.equal(torch.stack([image for image, _ in items]), scenes.batch(range(12)).images)


def test_tracks_follow_objects_through_a_clip():
    clips = SceneClips(12, seed=1, size=64, frames=20)
    gaps = leaving = 0
    for video, targets in (clips[i] for i in range(12)):
        assert video.shape == (20, 3, 64, 64) and isinstance(video, tv_tensors.Video)
        kinds, centres = {}, {}
        for frame, target in enumerate(targets):
            assert len(target["tracks"].unique()) == len(target["tracks"]) == len(target["boxes"])
            for track, label, box in zip(
                target["tracks"].tolist(), target["labels"].tolist(), target["boxes"], strict=True
            ):
                assert kinds.setdefault(track, label) == label
                centres.setdefault(track, {})[frame] = (box[:2] + box[2:]) / 2
        gaps += sum(max(seen) - min(seen) + 1 > len(seen) for seen in centres.values())
        leaving += sum(len(seen) < 20 for seen in centres.values())
        for seen in centres.values():
            jumps = [(seen[f + 1] - seen[f]).norm() for f in seen if f + 1 in seen]
            assert np.median(jumps or [0]) < 0.04 * 64 + 1.5
    assert leaving > 0 and gaps > 0  # some leave the picture, some are hidden for a while


def test_the_background_of_a_clip_stands_still():
    clip = SceneClips(3, size=64, frames=6, difficulty=0.5).batch([0, 1, 2])
    empty = (clip.ids == 0).all(1)
    for images, where in zip(clip.images.float(), empty, strict=True):
        background = images[:, :, where]
        assert (background.mean((1, 2)) - background.mean()).abs().max() < 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 24}, "too small: the smallest star .* use size 39 or more"),
        ({"size": 128, "min_visible": 500}, "use size 302 or more"),
        ({"size": 64.5}, "size is a whole number"),
        ({"difficulty": -1}, "difficulty is at least 0"),
        ({"difficulty": float("nan")}, "difficulty is at least 0"),
        ({"kinds": ["hexagon"]}, "unknown kind 'hexagon'; there are: circle"),
        ({"kinds": ()}, "must be named once each"),
        ({"objects": (4, 2)}, "swap the two"),
        ({"objects": 3}, "is a pair"),
        ({"radius": (0.1, 0.9)}, "radius is at least 0.01 and at most 0.45"),
        ({"targets": ["mask"]}, "unknown target 'mask'"),
        ({"length": 0}, "length is at least 1"),
    ],
)
def test_bad_options_are_refused_in_one_line(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        Scenes(**options)
    assert "\n" not in str(caught.value)


def test_the_smallest_allowed_size_works_and_one_less_does_not():
    assert (Scenes(20, size=39).batch(range(20)).labels > 0).any(1).all()
    with pytest.raises(ValueError, match="use size 39 or more"):
        Scenes(20, size=38)


def test_bad_clips_and_indices_are_refused():
    with pytest.raises(ValueError, match="frames is at least 1"):
        SceneClips(frames=0)
    with pytest.raises(ValueError, match="speed"):
        SceneClips(speed=(0.1, 0.7))
    with pytest.raises(IndexError, match="has 5 items"):
        Scenes(5).batch([5])
    with pytest.raises(IndexError, match="no indices"):
        Scenes(5).batch([])
    assert len(list(Scenes(3, size=64))) == 3
