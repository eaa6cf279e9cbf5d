"""Calls torch.nn.grad."""

import torch
from torch import nn


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
    dx = torch.nn.grad.conv2d_input(x.shape, weight, grad_output, stride, padding)
    return dx, torch.nn.grad.conv2d_weight(x, weight.shape, grad_output, stride, padding), grad_output.sum((0, 2, 3))
