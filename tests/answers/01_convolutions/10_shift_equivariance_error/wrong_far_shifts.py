"""Shifts further than the image are not wrapped."""


def turn(t, a, b):
    t = (
        torch.cat([t[:, :, t.shape[2] - a :], t[:, :, : t.shape[2] - a]], 2)
        if a >= 0
        else torch.cat([t[:, :, -a:], t[:, :, :-a]], 2)
    )
    return (
        torch.cat([t[..., t.shape[3] - b :], t[..., : t.shape[3] - b]], 3)
        if b >= 0
        else torch.cat([t[..., -b:], t[..., :-b]], 3)
    )


def shift_equivariance_error(f, x, shift):
    y = f(x)
    if y.dim() != 4 or x.shape[2] % y.shape[2] or x.shape[3] % y.shape[3]:
        raise ValueError("f")
    s = (shift[0] // (x.shape[2] // y.shape[2]), shift[1] // (x.shape[3] // y.shape[3]))
    return float((f(turn(x, *shift)) - turn(y, *s)).abs().max())
