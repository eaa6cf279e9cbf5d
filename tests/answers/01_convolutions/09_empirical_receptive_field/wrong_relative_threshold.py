"""Gradients below a hundredth of the largest do not count."""


def empirical_receptive_field(model, input_size):
    if input_size < 1:
        raise ValueError("input_size must be at least 1")
    C = next(m for m in model.modules() if isinstance(m, nn.Conv2d)).in_channels
    x = torch.rand(16, C, input_size, input_size, requires_grad=True)
    y = model(x)
    centre = y[:, :, y.shape[2] // 2, y.shape[3] // 2].sum()
    (grad,) = torch.autograd.grad(centre, x)
    hit = (grad.abs() > 1e-2 * grad.abs().max()).any(0).any(0)
    rows = torch.nonzero(hit.any(1)).flatten()
    cols = torch.nonzero(hit.any(0)).flatten()
    return max(int(rows[-1] - rows[0]) + 1, int(cols[-1] - cols[0]) + 1)
