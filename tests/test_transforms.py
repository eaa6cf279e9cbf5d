"""The noise transforms and collate functions: `cvcourse.transforms` and `cvcourse.data.noise`."""

import math

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision import tv_tensors
from torchvision.transforms import v2

from cvcourse.data import noise
from cvcourse.data.fields import blur
from cvcourse.data.hashing import Draws
from cvcourse.data.scenes import Scenes
from cvcourse.transforms import (
    BlurredNoise,
    CameraNoise,
    GaussianNoise,
    NoiseTransform,
    RowNoise,
    SaltAndPepperNoise,
    collate_lists,
    collate_padded,
)

ALL = [GaussianNoise, CameraNoise, RowNoise, BlurredNoise, SaltAndPepperNoise]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def added(transform: NoiseTransform, level: float = 0.5, size: int = 400) -> Tensor:
    """The noise alone, on an even picture."""
    return transform(torch.full((1, size, size), level)) - level


def correlation(field: Tensor, rows: int, columns: int) -> float:
    """Of pixels that lie so many rows and columns apart, for noise of mean 0."""
    height, width = field.shape[-2:]
    pairs = field[..., : height - rows, : width - columns] * field[..., rows:, columns:]
    return (pairs.mean() / field.square().mean()).item()


@pytest.mark.parametrize("kind", ALL)
def test_a_generator_repeats_the_noise_and_the_global_one_is_left_alone(kind):
    image = torch.rand(3, 40, 50, generator=generator())
    before, copy = torch.get_rng_state(), image.clone()
    first, second = kind(generator=generator(1))(image), kind(generator=generator(1))(image)
    assert torch.equal(first, second) and first.shape == image.shape and first.dtype == image.dtype
    assert not torch.equal(first, kind(generator=generator(2))(image))
    assert torch.equal(torch.get_rng_state(), before) and torch.equal(image, copy)
    source = generator(1)
    transform = kind(generator=source)
    assert not torch.equal(transform(image), transform(image))


@pytest.mark.parametrize("kind", ALL)
def test_without_a_generator_the_global_one_is_used(kind):
    image = torch.full((1, 30, 30), 0.5)
    torch.manual_seed(3)
    first = kind()(image)
    torch.manual_seed(3)
    assert torch.equal(kind()(image), first)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_camera_noise_has_the_mean_and_variance_of_its_model(level):
    field = added(CameraNoise(0.04, 0.05, offset=0.2, generator=generator()), level)
    assert field.mean().item() == pytest.approx(0.2, abs=4 * 0.2 / 400)
    assert field.var().item() == pytest.approx(0.04 * level + 0.05**2, rel=0.02)
    assert abs(correlation(field - 0.2, 0, 1)) < 0.012


def test_the_camera_counts_whole_electrons():
    field = CameraNoise(0.05, 0.0, generator=generator())(torch.full((1, 100, 100), 0.3)) / 0.05
    assert torch.allclose(field, field.round(), atol=1e-4) and len(field.round().unique()) > 8


def test_hashed_and_generated_camera_noise_agree():
    level = torch.linspace(0, 2.5, 400).expand(50, 1, 400, 400)[:, :, ::20]
    hashed = noise.camera(level, Draws(0, torch.arange(50)), gain=0.04, read_noise=0.03, offset=0.1)
    drawn = noise.camera(level, noise.GeneratorSource(50, level.device, generator()), gain=0.04, read_noise=0.03)
    variance = 0.04 * level[0, 0, 0] + 0.03**2
    for field, offset in ((hashed, 0.1), (drawn, 0.0)):
        noisy = (field - level - offset).transpose(0, 3).flatten(1)  # one row a level, 1000 values each
        assert ((noisy.var(1) / variance - 1).abs() < 0.25).all()
        assert (noisy.var(1) / variance).mean().item() == pytest.approx(1, abs=0.01)
        assert noisy.mean().item() == pytest.approx(0, abs=2e-3)


def test_gaussian_noise_is_white():
    field = added(GaussianNoise(0.1, generator()))
    assert field.std().item() == pytest.approx(0.1, rel=0.01) and abs(field.mean().item()) < 1e-3
    assert max(abs(correlation(field, *step)) for step in ((0, 1), (1, 0), (1, 1))) < 0.012


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_row_noise_is_correlated_along_rows_only(share):
    field = added(RowNoise(0.1, share, generator()), size=1000)
    assert field.std().item() == pytest.approx(0.1, rel=0.06)
    assert correlation(field, 0, 1) == pytest.approx(share, abs=0.03)
    assert correlation(field, 0, 300) == pytest.approx(share, abs=0.03)
    assert abs(correlation(field, 1, 0)) < 0.15


@pytest.mark.parametrize("width", [0.8, 1.5])
def test_blurred_noise_is_correlated_with_its_neighbours_and_as_strong_at_the_borders(width):
    field = added(BlurredNoise(0.1, width, generator()), size=600)
    assert field.std().item() == pytest.approx(0.1, rel=0.03)
    assert correlation(field, 0, 1) == pytest.approx(math.exp(-1 / (4 * width**2)), abs=0.05)
    assert correlation(field, 2, 0) == pytest.approx(math.exp(-4 / (4 * width**2)), abs=0.05)
    assert field[:, :4].std().item() == pytest.approx(0.1, rel=0.15)


def test_salt_and_pepper_replace_a_share():
    noisy = SaltAndPepperNoise(0.1, generator())(torch.full((1, 300, 300), 0.4))
    assert (noisy == 0).float().mean().item() == pytest.approx(0.05, abs=0.005)
    assert (noisy == 1).float().mean().item() == pytest.approx(0.05, abs=0.005)
    assert (noisy[(noisy > 0) & (noisy < 1)] == torch.tensor(0.4)).all()


def test_no_noise_at_strength_zero():
    image = torch.rand(1, 20, 20, generator=generator())
    for kind in (GaussianNoise(0), CameraNoise(0, 0), RowNoise(0), BlurredNoise(0), SaltAndPepperNoise(0)):
        assert torch.equal(kind(image), image)


def test_blur_is_scipys():
    from scipy import ndimage

    image = torch.rand(2, 30, 41, generator=generator())
    expected = ndimage.gaussian_filter(image.numpy(), (0, 1.3, 1.3), truncate=math.ceil(3 * 1.3) / 1.3)
    assert torch.allclose(blur(image, 1.3), torch.from_numpy(expected), atol=1e-6)


def test_in_a_pipeline_boxes_and_masks_pass():
    pipeline = v2.Compose(
        [v2.RandomHorizontalFlip(1), v2.ToDtype(torch.float32, scale=True), GaussianNoise(0.1, generator())]
    )
    image, target = Scenes(3, size=64)[1]
    noisy, flipped = pipeline(image, target)
    assert isinstance(noisy, tv_tensors.Image) and isinstance(flipped["boxes"], tv_tensors.BoundingBoxes)
    assert torch.equal(flipped["masks"], target["masks"].flip(-1)) and torch.equal(flipped["labels"], target["labels"])
    assert (noisy - image.flip(-1) / 255).std().item() == pytest.approx(0.1, rel=0.05)


def test_bad_noise_is_refused():
    with pytest.raises(ValueError, match="float image"):
        GaussianNoise()(torch.zeros(3, 8, 8, dtype=torch.uint8))
    for make in (
        lambda: GaussianNoise(-1),
        lambda: CameraNoise(gain=-0.1),
        lambda: RowNoise(share=1.1),
        lambda: BlurredNoise(width=-1),
        lambda: SaltAndPepperNoise(2),
    ):
        with pytest.raises(ValueError, match="at least 0"):
            make()


def test_a_generator_on_another_device_is_refused():
    with pytest.raises(ValueError, match="lives on cpu and the image on meta"):
        noise.GeneratorSource(1, torch.device("meta"), generator())


def test_collate_lists():
    scenes = Scenes(6, size=64)
    images, targets = next(iter(DataLoader(scenes, batch_size=6, collate_fn=collate_lists)))
    assert torch.equal(images, scenes.batch(range(6)).images) and type(images) is Tensor
    assert [len(target["boxes"]) for target in targets] == [len(scenes[i][1]["boxes"]) for i in range(6)]
    mixed, _ = collate_lists([scenes[0], Scenes(1, size=48)[0]])
    assert [tuple(image.shape) for image in mixed] == [(3, 64, 64), (3, 48, 48)]


def test_collate_padded():
    scenes = Scenes(6, size=64, targets=("boxes", "labels", "masks", "semantic"))
    images, batch = next(iter(DataLoader(scenes, batch_size=6, collate_fn=collate_padded)))
    most = int(batch["count"].max())
    assert images.shape == (6, 3, 64, 64) and batch["masks"].shape == (6, most, 64, 64)
    assert batch["boxes"].shape == (6, most, 4) and batch["semantic"].shape == (6, 64, 64)
    for i, count in enumerate(batch["count"]):
        target = scenes[i][1]
        assert count == len(target["labels"]) and torch.equal(batch["labels"][i, :count], target["labels"])
        assert (batch["labels"][i, count:] == 0).all() and (batch["boxes"][i, count:] == 0).all()
    with pytest.raises(ValueError, match="use collate_lists"):
        collate_padded([scenes[0], Scenes(1, size=48, targets=scenes.targets)[0]])
