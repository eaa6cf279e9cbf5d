"""Fills the model with zeros."""

import torch


def empirical_receptive_field(model, input_size):
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
    return 0
