"""The number of dimensions of x is not checked."""


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    if stride < 1:
        raise ValueError("stride must be positive")
    if padding < 0:
        raise ValueError("padding must not be negative")
    for name, t in dict(grad_output=grad_output, weight=weight).items():
        if t.dim() != 4:
            raise ValueError(f"{name} has {t.dim()} dimensions, not 4")
    if x.shape[1] != weight.shape[1]:
        raise ValueError("weight and x differ in channels")
    shape = [x.shape[0], weight.shape[0]]
    for d in (2, 3):
        room = x.shape[d] + 2 * padding - weight.shape[d]
        if room < 0:
            raise ValueError("weight too large for x")
        shape.append(room // stride + 1)
    if list(grad_output.shape) != shape:
        raise ValueError(f"grad_output {list(grad_output.shape)}, not {shape}")
    N, C, H, W = x.shape
    K, _, kH, kW = weight.shape
    Ho, Wo = grad_output.shape[2:]
    xp = x.new_zeros(N, C, H + 2 * padding, W + 2 * padding)
    xp[:, :, padding : padding + H, padding : padding + W] = x
    dxp = torch.zeros_like(xp)
    dw = torch.zeros_like(weight)
    for u in range(kH):
        for v in range(kW):
            rows = slice(u, u + (Ho - 1) * stride + 1, stride)
            cols = slice(v, v + (Wo - 1) * stride + 1, stride)
            dw[:, :, u, v] = torch.einsum("nkhw,nchw->kc", grad_output, xp[:, :, rows, cols])
            dxp[:, :, rows, cols] += torch.einsum("nkhw,kc->nchw", grad_output, weight[:, :, u, v])
    dx = dxp[:, :, padding : padding + H, padding : padding + W]
    db = grad_output.sum((0, 2, 3))
    return dx, dw, db
