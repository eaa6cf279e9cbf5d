"""Fourier transform of image and dilated kernel, then every stride-th pixel."""

import torch


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    K, cg, kH, kW = weight.shape
    size = (H + 2 * padding, W + 2 * padding)
    padded = x.new_zeros(N, C, *size)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    spread = weight.new_zeros(K, cg, dilation * (kH - 1) + 1, dilation * (kW - 1) + 1)
    spread[:, :, ::dilation, ::dilation] = weight
    a = torch.fft.rfft2(padded).reshape(N, groups, cg, size[0], -1)
    b = torch.fft.rfft2(spread, s=size).conj().reshape(groups, K // groups, cg, size[0], -1)
    y = torch.fft.irfft2(torch.einsum("ngcij,gkcij->ngkij", a, b).reshape(N, K, size[0], -1), s=size)
    y = y[:, :, : size[0] - spread.shape[2] + 1 : stride, : size[1] - spread.shape[3] + 1 : stride]
    return y if bias is None else y + bias[:, None, None]
