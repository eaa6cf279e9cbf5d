"""Calls scipy through numpy arrays."""

import torch

from scipy.signal import correlate2d as library


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("kernel")
    return torch.from_numpy(library(image.numpy(), kernel.numpy(), mode="valid"))
