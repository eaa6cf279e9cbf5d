"""Asks for the gradient of x itself."""

import torch


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    x.requires_grad_()
    N, C, H, W = x.shape
    K, _, kH, kW = weight.shape
    padded = x.new_zeros(N, C, H + 2 * padding, W + 2 * padding)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    span_h, span_w = dilation * (kH - 1) + 1, dilation * (kW - 1) + 1
    windows = padded.unfold(2, span_h, stride).unfold(3, span_w, stride)[..., ::dilation, ::dilation]
    windows = windows.unflatten(1, (groups, C // groups))
    filters = weight.unflatten(0, (groups, K // groups))
    out = torch.einsum("ngcijuv,gkcuv->ngkij", windows, filters).flatten(1, 2)
    if bias is not None:
        out = out + bias.view(1, -1, 1, 1)
    return out
