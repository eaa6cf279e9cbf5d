"""The mode "constant" is let through."""


def _index(n, before, after, mode):
    i = torch.arange(-before, n + after)
    if mode == "circular":
        return i % n
    if mode == "reflect":
        i = i.abs()
        return torch.where(i >= n, 2 * (n - 1) - i, i)
    return i.clamp(0, n - 1)


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, "zeros" if mode == "constant" else mode)
    left, right, top, bottom = (padding,) * 4 if isinstance(padding, int) else padding
    height, width = x.shape[-2:]
    if mode in ("zeros", "constant"):
        out = x.new_zeros(x.shape[0], x.shape[1], height + top + bottom, width + left + right)
        out[:, :, top : top + height, left : left + width] = x
        return out
    rows = _index(height, top, bottom, mode)
    cols = _index(width, left, right, mode)
    return x[:, :, rows][:, :, :, cols]
