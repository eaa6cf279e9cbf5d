"""The result is a list."""


def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    check_grad_output(grad_output, x, weight, stride, padding)
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
    return [dx, dw, db]
