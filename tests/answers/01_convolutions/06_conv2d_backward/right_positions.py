"""A loop over output positions."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    p = padding
    xp = torch.zeros(x.shape[0], x.shape[1], x.shape[2] + 2 * p, x.shape[3] + 2 * p, dtype=x.dtype)
    xp[:, :, p : p + x.shape[2], p : p + x.shape[3]] = x
    dxp, dw = torch.zeros_like(xp), torch.zeros(weight.shape, dtype=weight.dtype)
    for i in range(grad_output.shape[2]):
        for j in range(grad_output.shape[3]):
            window = (
                slice(None),
                slice(None),
                slice(i * stride, i * stride + weight.shape[2]),
                slice(j * stride, j * stride + weight.shape[3]),
            )
            g = grad_output[:, :, i, j]
            dw += torch.einsum("nk,ncuv->kcuv", g, xp[window])
            dxp[window] += torch.einsum("nk,kcuv->ncuv", g, weight)
    return dxp[:, :, p : p + x.shape[2], p : p + x.shape[3]], dw, grad_output.sum(dim=[0, 2, 3])
