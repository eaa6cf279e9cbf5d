"""Calls the library's convolution by a name bound before."""

import torch
from torch import nn

from torch.nn.functional import conv2d as library


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("kernel")
    return library(image[None, None], kernel[None, None])[0, 0]
