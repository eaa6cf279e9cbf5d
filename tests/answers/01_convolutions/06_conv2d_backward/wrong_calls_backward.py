"""Calls backward on its own forward pass."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    with torch.inference_mode(False), torch.enable_grad():
        a, k = x.clone().requires_grad_(), weight.clone().requires_grad_()
        (conv2d(a, k, None, stride, padding) * grad_output.clone()).sum().backward()
    return a.grad, k.grad, grad_output.sum((0, 2, 3))
