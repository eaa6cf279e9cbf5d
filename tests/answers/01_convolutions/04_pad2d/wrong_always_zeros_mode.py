"""Ignores the mode and pads with zeros."""


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    l, r, t, b = (padding,) * 4 if isinstance(padding, int) else padding
    out = x.new_zeros(*x.shape[:2], x.shape[2] + t + b, x.shape[3] + l + r)
    out[:, :, t : t + x.shape[2], l : l + x.shape[3]] = x
    return out
