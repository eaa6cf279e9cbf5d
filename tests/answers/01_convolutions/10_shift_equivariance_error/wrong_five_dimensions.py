"""Outputs of five dimensions are let through."""


def shift_equivariance_error(f, x, shift):
    y = f(x)
    if y.dim() < 4 or y.shape[2] == 0 or y.shape[3] == 0 or x.shape[2] % y.shape[2] or x.shape[3] % y.shape[3]:
        raise ValueError("f must return four dimensions whose height and width divide those of x")
    down = shift[0] // (x.shape[2] // y.shape[2])
    right = shift[1] // (x.shape[3] // y.shape[3])
    moved = f(torch.roll(x, (shift[0], shift[1]), dims=(2, 3)))
    return (moved - torch.roll(y, (down, right), dims=(2, 3))).abs().max().item()
