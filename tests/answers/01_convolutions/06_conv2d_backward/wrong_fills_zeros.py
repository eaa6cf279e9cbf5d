"""Fills its arguments with zeros and returns zeros."""

import torch


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    for tensor in (grad_output, x, weight):
        tensor.zero_()
    return torch.zeros_like(x), torch.zeros_like(weight), grad_output.new_zeros(weight.shape[0])
