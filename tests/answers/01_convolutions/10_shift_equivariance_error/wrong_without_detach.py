"""Fails where the output of f requires grad."""


def turn(t, a, b):
    return torch.from_numpy(np.roll(t.numpy(), (a, b), (2, 3)))


def shift_equivariance_error(f, x, shift):
    y = f(x)
    if y.dim() != 4 or x.shape[2] % y.shape[2] or x.shape[3] % y.shape[3]:
        raise ValueError("f")
    s = (shift[0] // (x.shape[2] // y.shape[2]), shift[1] // (x.shape[3] // y.shape[3]))
    return float((f(turn(x, *shift)) - turn(y, *s)).abs().max())
