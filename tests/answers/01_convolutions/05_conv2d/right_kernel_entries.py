"""A loop over the entries of the kernel: shifted images, mixed by a product."""


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    check_conv_arguments(x, weight, bias, stride, padding, dilation, groups)
    batch, channels, height, width = x.shape
    filters, _, kernel_height, kernel_width = weight.shape
    rows = conv_output_size(height, kernel_height, stride, padding, dilation)
    columns = conv_output_size(width, kernel_width, stride, padding, dilation)
    padded = pad2d(x, padding)
    out = 0
    for u in range(kernel_height):
        for v in range(kernel_width):
            top, left = u * dilation, v * dilation
            pixels = padded[
                :, :, top : top + stride * (rows - 1) + 1 : stride, left : left + stride * (columns - 1) + 1 : stride
            ]
            pixels = pixels.reshape(batch, groups, channels // groups, rows * columns)
            matrix = weight[:, :, u, v].reshape(groups, filters // groups, channels // groups)
            out = out + matrix @ pixels
    out = out.reshape(batch, filters, rows, columns)
    if bias is not None:
        out += bias[:, None, None]
    return out
