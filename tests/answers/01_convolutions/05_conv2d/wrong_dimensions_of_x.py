"""The number of dimensions of x is not checked."""


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if stride < 1:
        raise ValueError("stride")
    if padding < 0:
        raise ValueError("padding")
    if dilation < 1:
        raise ValueError("dilation")
    if groups < 1:
        raise ValueError("groups")
    if weight.dim() != 4:
        raise ValueError("weight")
    if x.shape[1] != groups * weight.shape[1]:
        raise ValueError("x")
    if weight.shape[0] % groups:
        raise ValueError("groups")
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise ValueError("bias")
    if dilation * (weight.shape[2] - 1) + 1 > x.shape[2] + 2 * padding:
        raise ValueError("x")
    if dilation * (weight.shape[3] - 1) + 1 > x.shape[3] + 2 * padding:
        raise ValueError("weight")
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
