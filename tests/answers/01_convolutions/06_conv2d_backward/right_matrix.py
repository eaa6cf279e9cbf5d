"""The layer as a matrix, built column by column; its transpose gives dx."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    N, C, H, W = x.shape
    K, _, h, w = weight.shape
    oh, ow = grad_output.shape[2:]
    Hp, Wp = H + 2 * padding, W + 2 * padding
    matrix = weight.new_zeros(K, oh, ow, C, Hp, Wp)
    xp = x.new_zeros(N, C, Hp, Wp)
    xp[:, :, padding : padding + H, padding : padding + W] = x
    dw = weight.new_zeros(weight.shape)
    for i in range(oh):
        for j in range(ow):
            r, c = slice(i * stride, i * stride + h), slice(j * stride, j * stride + w)
            matrix[:, i, j, :, r, c] = weight
            dw = dw + torch.tensordot(grad_output[:, :, i, j], xp[:, :, r, c], dims=([0], [0]))
    dx = (grad_output.reshape(N, -1) @ matrix.reshape(K * oh * ow, -1)).reshape(N, C, Hp, Wp)
    return dx[:, :, padding : Hp - padding, padding : Wp - padding], dw, grad_output.sum(-1).sum(-1).sum(0)
