"""Five loops: right, but far too many operators."""

import torch


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    K, cg, kH, kW = weight.shape
    xp = x.new_zeros(N, C, H + 2 * padding, W + 2 * padding)
    xp[:, :, padding : padding + H, padding : padding + W] = x
    oh = (H + 2 * padding - dilation * (kH - 1) - 1) // stride + 1
    ow = (W + 2 * padding - dilation * (kW - 1) - 1) // stride + 1
    values = []
    for n in range(N):
        for k in range(K):
            first = k // (K // groups) * cg
            for i in range(oh):
                for j in range(ow):
                    window = xp[
                        n,
                        first : first + cg,
                        i * stride : i * stride + dilation * (kH - 1) + 1 : dilation,
                        j * stride : j * stride + dilation * (kW - 1) + 1 : dilation,
                    ]
                    values.append((window * weight[k]).sum() + (0 if bias is None else bias[k]))
    return torch.stack(values).reshape(N, K, oh, ow)
