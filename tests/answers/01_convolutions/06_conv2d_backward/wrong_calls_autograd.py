"""Asks autograd."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    with torch.inference_mode(False), torch.enable_grad():
        a, k = x.clone().requires_grad_(), weight.clone().requires_grad_()
        out = conv2d(a, k, None, stride, padding)
        dx, dw = torch.autograd.grad(out, (a, k), grad_output.clone())
    return dx, dw, grad_output.sum((0, 2, 3))
