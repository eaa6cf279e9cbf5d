"""Index arithmetic gathers a matrix of windows; one product."""

import torch


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    K, cg, kH, kW = weight.shape
    p = padding
    xp = torch.cat([x.new_zeros(N, C, H, p), x, x.new_zeros(N, C, H, p)], 3)
    xp = torch.cat([x.new_zeros(N, C, p, W + 2 * p), xp, x.new_zeros(N, C, p, W + 2 * p)], 2)
    i0 = torch.arange(0, H + 2 * p - dilation * (kH - 1), stride)
    j0 = torch.arange(0, W + 2 * p - dilation * (kW - 1), stride)
    rows = i0[:, None, None, None] + dilation * torch.arange(kH)[None, None, :, None]
    columns = j0[None, :, None, None] + dilation * torch.arange(kW)[None, None, None, :]
    cols = xp[:, :, rows, columns]  # N C i j u v
    outs = []
    for xs, ws in zip(cols.chunk(groups, 1), weight.chunk(groups, 0)):
        m = xs.permute(0, 2, 3, 1, 4, 5).reshape(N, len(i0) * len(j0), -1) @ ws.reshape(ws.shape[0], -1).T
        outs.append(m.transpose(1, 2).reshape(N, ws.shape[0], len(i0), len(j0)))
    out = torch.cat(outs, dim=1)
    return out if bias is None else out + bias.reshape(1, K, 1, 1)
