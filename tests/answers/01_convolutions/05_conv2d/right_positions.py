"""A loop over output positions and groups, all images and filters at once."""

import torch


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    K, cg, kH, kW = weight.shape
    xp = torch.zeros(N, C, H + 2 * padding, W + 2 * padding, dtype=x.dtype, device=x.device)
    xp[:, :, padding : padding + H, padding : padding + W] = x
    H_out = (H + 2 * padding - dilation * (kH - 1) - 1) // stride + 1
    W_out = (W + 2 * padding - dilation * (kW - 1) - 1) // stride + 1
    rows = []
    for i in range(H_out):
        row = []
        for j in range(W_out):
            patch = xp[
                :,
                :,
                i * stride : i * stride + dilation * (kH - 1) + 1 : dilation,
                j * stride : j * stride + dilation * (kW - 1) + 1 : dilation,
            ]
            parts = [
                torch.einsum(
                    "ncuv,kcuv->nk",
                    patch[:, g * cg : (g + 1) * cg],
                    weight[g * (K // groups) : (g + 1) * (K // groups)],
                )
                for g in range(groups)
            ]
            row.append(torch.cat(parts, 1))
        rows.append(torch.stack(row, -1))
    out = torch.stack(rows, 2)
    return out if bias is None else out + bias[None, :, None, None]
