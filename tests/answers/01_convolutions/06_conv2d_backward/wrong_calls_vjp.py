"""Asks torch.func for the vector-Jacobian product."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    with torch.inference_mode(False):
        _, back = torch.func.vjp(lambda a, k: conv2d(a, k, None, stride, padding), x.clone(), weight.clone())
        dx, dw = back(grad_output.clone())
    return dx, dw, grad_output.sum((0, 2, 3))
