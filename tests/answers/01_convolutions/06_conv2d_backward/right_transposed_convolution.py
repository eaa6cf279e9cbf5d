"""dx as a convolution of the spread gradient with the flipped kernels, dw by Tensor.unfold."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    N, C, H, W = x.shape
    K, _, h, w = weight.shape
    oh, ow = grad_output.shape[2:]
    spread = grad_output.new_zeros(N, K, H + 2 * padding + h - 1, W + 2 * padding + w - 1)
    spread[:, :, h - 1 : h - 1 + stride * (oh - 1) + 1 : stride, w - 1 : w - 1 + stride * (ow - 1) + 1 : stride] = (
        grad_output
    )
    windows = spread.unfold(2, h, 1).unfold(3, w, 1)
    dx = torch.einsum("nkijuv,kcuv->ncij", windows, weight.flip(2, 3))[
        :, :, padding : padding + H, padding : padding + W
    ]
    xp = pad2d(x, padding).unfold(2, h, stride).unfold(3, w, stride)
    return dx, torch.einsum("nkij,ncijuv->kcuv", grad_output, xp), torch.einsum("nkij->k", grad_output)
