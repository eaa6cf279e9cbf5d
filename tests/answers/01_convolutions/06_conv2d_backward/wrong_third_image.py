"""Forgets the third image and those that follow."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    N, C, H, W = x.shape
    K, _, kH, kW = weight.shape
    oh, ow = grad_output.shape[2:]
    grad_output = grad_output * (torch.arange(N) < 2)[:, None, None, None]
    padded = x.new_zeros(N, C, H + 2 * padding, W + 2 * padding)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    dpadded = torch.zeros_like(padded)
    dw = torch.zeros_like(weight)
    for u in range(kH):
        for v in range(kW):
            rows, columns = slice(u, u + stride * oh, stride), slice(v, v + stride * ow, stride)
            dw[:, :, u, v] = torch.einsum("nkij,ncij->kc", grad_output, padded[:, :, rows, columns])
            dpadded[:, :, rows, columns] += torch.einsum("nkij,kc->ncij", grad_output, weight[:, :, u, v])
    dx = dpadded[:, :, padding : padding + H, padding : padding + W]
    db = grad_output.sum((0, 2, 3))
    return dx, dw, db
