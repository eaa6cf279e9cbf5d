"""What filters without learning make of the micrographs: decibels, with the parameters that suit the truth best."""

from collections.abc import Callable, Iterable

import numpy as np
from scipy import ndimage
from skimage.restoration import denoise_nl_means

from cvcourse.data.microscopy import Micrographs


def psnr(image: np.ndarray, clean: np.ndarray) -> float:
    """The mean over pictures (N, H, W) of the peak signal-to-noise ratio in dB, for a peak of 1."""
    return float(-10 * np.log10(((image - clean) ** 2).mean((1, 2))).mean())


def best(filters: Callable[[np.ndarray, float], np.ndarray], options: Iterable[float], noisy, clean) -> float:
    """The best value over the options, one option for all pictures."""
    return max(psnr(filters(noisy, option), clean) for option in options)


def gaussian(images: np.ndarray, sigma: float) -> np.ndarray:
    """Every picture convolved with a Gaussian."""
    return ndimage.gaussian_filter(images, (0, sigma, sigma))


def median(images: np.ndarray, size: float) -> np.ndarray:
    """The median of each pixel's neighbourhood."""
    return ndimage.median_filter(images, (1, int(size), int(size)))


def non_local_means(images: np.ndarray, h: float) -> np.ndarray:
    """Means of pixels with similar surroundings (Buades, Coll and Morel, 2005); `h` in units of the noise."""
    noise = np.sqrt(np.mean([ndimage.laplace(image).var() / 20 for image in images]))  # 20 = sum of squared weights
    return np.stack(
        [
            denoise_nl_means(image, patch_size=5, patch_distance=6, h=h * noise, sigma=noise, fast_mode=True)
            for image in images
        ]
    )


def run(seed: int, pictures: int = 24, difficulty: float = 1.0) -> dict[str, float]:
    """The four figures on micrographs of 128 x 128 pixels."""
    batch = Micrographs(pictures, seed=seed, difficulty=difficulty).batch(range(pictures))
    noisy, clean = batch.images[:, 0].numpy(), batch.clean[:, 0].numpy()
    return {
        "noisy": psnr(noisy, clean),
        "best Gaussian": best(gaussian, (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0), noisy, clean),
        "best median": best(median, (3, 5), noisy, clean),
        "best non-local means": best(non_local_means, (0.5, 0.7, 0.9, 1.1), noisy, clean),
    }
