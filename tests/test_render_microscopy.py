"""The micrographs: pure, with the noise and the instance maps that they promise."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torchvision import tv_tensors
from torchvision.transforms import v2

from cvcourse.data.microscopy import KINDS, Micrographs
from tests.rendered_checks import check_pure, fingerprint


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: Micrographs(40, seed=seed, size=64),
        lambda seed: Micrographs(40, seed=seed, size=48, kind="nuclei", noise="blurred", exposures=2),
    ],
    ids=["mixture", "nuclei"],
)
def test_a_picture_depends_on_seed_and_index_alone(make):
    check_pure(make)


def test_fixed_sheet():
    sheet = Micrographs(8, seed=0, size=64).batch(range(8))
    assert fingerprint(sheet.clean) == "3949be3203a4e43b"
    assert fingerprint(sheet.images.clamp(0, 1)) == "53d680cf234bee5f"


@pytest.mark.parametrize("kind", KINDS)
def test_the_signal_is_in_range_and_does_not_depend_on_the_noise(kind):
    plain = Micrographs(6, size=96, kind=kind, noise="none").batch(range(6))
    noisy = Micrographs(6, size=96, kind=kind, difficulty=2, noise="rows").batch(range(6))
    assert torch.equal(plain.images, plain.clean) and torch.equal(noisy.clean, plain.clean)
    assert plain.clean.min() >= 0.02 and plain.clean.max() <= 1 and plain.clean.std(correction=0) > 0.03
    assert (plain.clean == 1).float().mean() < 0.01  # next to nothing is overexposed
    assert (plain.ids.flatten(1).amax(1) > 0).all() == (kind in ("nuclei", "mixture"))


def test_nuclei_are_numbered_without_gaps_and_large_enough():
    nuclei = Micrographs(20, seed=1, size=160, kind="nuclei", targets=("clean", "boxes", "labels", "masks", "ids"))
    numbers = []
    for i in range(20):
        image, target = nuclei[i]
        ids, masks, boxes = target["ids"], target["masks"], target["boxes"]
        assert torch.equal(ids.unique(), torch.arange(len(masks) + 1))
        assert masks.flatten(1).sum(1).min() >= 20 and masks.dtype == torch.bool
        assert torch.equal((masks * torch.arange(1, len(masks) + 1)[:, None, None]).sum(0), ids.long())
        assert len(target["labels"]) == len(boxes) == len(masks)
        for mask, box in zip(masks, boxes.tolist(), strict=True):
            rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
            assert box == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert ndimage.label(mask)[1] == 1
        inside = target["clean"][0][ids > 0].mean()
        assert inside > 3 * target["clean"][0][ids == 0].mean()
        assert image.shape == (1, 160, 160) and isinstance(image, tv_tensors.Image)
        numbers.append(len(masks))
    assert min(numbers) >= 5 and len(set(numbers)) > 3


def test_some_nuclei_touch():
    ids = Micrographs(30, size=128, kind="nuclei").batch(range(30)).ids
    beside = (ids[:, :, 1:] != ids[:, :, :-1]) & (ids[:, :, 1:] > 0) & (ids[:, :, :-1] > 0)
    assert 3 <= beside.flatten(1).any(1).sum() < 30


def test_no_window_cuts_a_nucleus_off():
    # The outline of a whole nucleus is smooth: no straight run of border pixels is as long as its window would cut.
    ids = Micrographs(20, seed=5, size=256, kind="nuclei").batch(range(20)).ids.numpy()
    for picture in ids:
        for number, (rows, columns) in enumerate(ndimage.find_objects(picture), 1):
            if rows.start > 0 and rows.stop < 256 and columns.start > 0 and columns.stop < 256:
                mask = picture[rows, columns] == number
                assert max(mask.shape) < 31
                assert max(mask[0].sum(), mask[-1].sum(), mask[:, 0].sum(), mask[:, -1].sum()) <= 16


def test_camera_statistics_follow_the_signal():
    options = {"size": 64, "gain": 0.03, "read_noise": 0.02, "offset": 0.1, "exposures": 64}
    batch = Micrographs(10, **options).batch(range(10))
    variance = (batch.images - batch.clean - 0.1).square().mean(1).flatten()
    expected = (0.03 * batch.clean + 0.02**2).flatten()
    assert (batch.images - batch.clean).mean().item() == pytest.approx(0.1, abs=1e-3)
    slope, intercept = np.polyfit(batch.clean.flatten().numpy(), variance.numpy(), 1)
    assert slope == pytest.approx(0.03, rel=0.02) and intercept == pytest.approx(0.02**2, rel=0.2)
    assert (variance / expected).mean().item() == pytest.approx(1, abs=0.01)


def test_exposures_share_the_specimen_and_not_the_noise():
    one, many = Micrographs(4, size=64).batch(range(4)), Micrographs(4, size=64, exposures=3).batch(range(4))
    assert torch.equal(one.clean, many.clean) and torch.equal(one.images[:, 0], many.images[:, 0])
    noise = (many.images - many.clean).flatten(2)
    for first, second in ((0, 1), (1, 2), (0, 2)):
        pair = torch.stack([noise[:, first].flatten(), noise[:, second].flatten()])
        assert abs(torch.corrcoef(pair)[0, 1].item()) < 0.04


@pytest.mark.parametrize(("noise", "along", "down"), [("gaussian", 0, 0), ("rows", 0.9, 0), ("blurred", 0.78, 0.78)])
def test_the_other_noises_are_correlated_as_they_say(noise, along, down):
    batch = Micrographs(12, size=128, noise=noise, sigma=0.1).batch(range(12))
    field = (batch.images - batch.clean)[:, 0]
    assert field.std().item() == pytest.approx(0.1, rel=0.05)
    power = field.square().mean()
    assert ((field[..., 1:] * field[..., :-1]).mean() / power).item() == pytest.approx(along, abs=0.03)
    assert ((field[:, 1:] * field[:, :-1]).mean() / power).item() == pytest.approx(down, abs=0.06)


def psnr(image: np.ndarray, clean: np.ndarray) -> float:
    return float(-10 * np.log10(((image - clean) ** 2).mean((1, 2))).mean())


def test_at_the_default_difficulty_noise_and_gaussian_filter_are_where_they_should_be():
    batch = Micrographs(12).batch(range(12))
    noisy, clean = batch.images[:, 0].numpy(), batch.clean[:, 0].numpy()
    filtered = max(psnr(ndimage.gaussian_filter(noisy, (0, s, s)), clean) for s in (0.8, 1.0, 1.2))
    assert 20 < psnr(noisy, clean) < 24
    assert 6 < filtered - psnr(noisy, clean) < 9.5


def test_a_wider_point_spread_function_blurs():
    sharp, soft = (Micrographs(4, size=96, psf=psf, noise="none").batch(range(4)).clean for psf in (0.8, 2.5))
    assert sharp.diff(dim=-1).abs().mean() > 1.5 * soft.diff(dim=-1).abs().mean()


def test_a_large_micrograph_is_made_of_tiles_without_seams():
    clean = Micrographs(1, size=384, kind="membranes", noise="none").batch([0]).clean[0, 0]
    steps = clean.diff(dim=1).abs().mean(0)
    assert steps[127] < 3 * steps.mean() and steps[255] < 3 * steps.mean()
    assert clean[:128].mean().item() == pytest.approx(clean[256:].mean().item(), rel=0.4)


def test_transforms_of_torchvision_move_picture_truth_and_masks_together():
    plain = Micrographs(2, size=64, targets=("clean", "masks"))
    flipped = Micrographs(2, size=64, targets=("clean", "masks"), transforms=v2.RandomVerticalFlip(1))
    (image, target), (mirrored, moved) = plain[1], flipped[1]
    assert torch.equal(mirrored, image.flip(-2))
    assert all(torch.equal(moved[name], target[name].flip(-2)) for name in ("clean", "masks"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 16}, "size is at least 32"),
        ({"kind": "mitochondria"}, "unknown kind 'mitochondria'; there are: filaments"),
        ({"noise": "speckle"}, "unknown noise"),
        ({"difficulty": -0.1}, "difficulty is at least 0"),
        ({"gain": -1}, "gain is at least 0"),
        ({"psf": 0}, "psf is at least 0.5 and at most 8 pixels"),
        ({"exposures": 0}, "exposures is at least 1"),
        ({"sigma": "much"}, "sigma is at least 0"),
    ],
)
def test_bad_options_are_refused_in_one_line(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        Micrographs(**options)
    assert "\n" not in str(caught.value)
