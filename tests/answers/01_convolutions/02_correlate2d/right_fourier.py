"""The Fourier transform for floats, windows for integers."""

import torch


def correlate2d(image, kernel):
    if image.dim() != 2:
        raise ValueError("image")
    if kernel.dim() != 2:
        raise ValueError("kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("kernel")
    if not image.is_floating_point():
        return torch.einsum("ijuv,uv->ij", image.unfold(0, h, 1).unfold(1, w, 1), kernel)
    product = torch.fft.rfft2(image) * torch.fft.rfft2(kernel, s=(H, W)).conj()
    return torch.fft.irfft2(product, s=(H, W))[: H - h + 1, : W - w + 1]
