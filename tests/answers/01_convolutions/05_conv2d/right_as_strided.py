"""as_strided on the padded input; own checks would do as well."""

import torch


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    K, cg, kH, kW = weight.shape
    xp = x.new_zeros(N, C, H + 2 * padding, W + 2 * padding)
    xp[..., padding : padding + H, padding : padding + W] = x
    oh = (xp.shape[2] - dilation * (kH - 1) - 1) // stride + 1
    ow = (xp.shape[3] - dilation * (kW - 1) - 1) // stride + 1
    a, b, c, d = xp.stride()
    v = torch.as_strided(
        xp, (N, groups, cg, kH, kW, oh, ow), (a, cg * b, b, dilation * c, dilation * d, stride * c, stride * d)
    )
    v = v.reshape(N, groups, cg * kH * kW, oh * ow)
    y = torch.matmul(weight.reshape(groups, K // groups, -1), v).reshape(N, K, oh, ow)
    return y if bias is None else y + bias.view(K, 1, 1)
