"""Two arguments have changed places in the signature."""


def conv2d(x, weight, bias=None, padding=0, stride=1, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    K, Cg, kH, kW = weight.shape
    H_out = (H + 2 * padding - dilation * (kH - 1) - 1) // stride + 1
    W_out = (W + 2 * padding - dilation * (kW - 1) - 1) // stride + 1

    xp = pad2d(x, padding)
    out = 0
    xg = xp.reshape(N, groups, C // groups, *xp.shape[2:])
    wg = weight.reshape(groups, K // groups, Cg, kH, kW)
    for u in range(kH):
        for v in range(kW):
            patch = xg[
                ...,
                u * dilation : u * dilation + (H_out - 1) * stride + 1 : stride,
                v * dilation : v * dilation + (W_out - 1) * stride + 1 : stride,
            ]
            out = out + torch.einsum("ngchw,gfc->ngfhw", patch, wg[..., u, v])
    out = out.reshape(N, K, H_out, W_out)
    if bias is not None:
        out = out + bias.view(1, -1, 1, 1)
    return out
