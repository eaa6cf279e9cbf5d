"""Adds shifted copies of the image, one for each entry of the kernel."""


def correlate2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name}: expected 2 dimensions")
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    if rows < 1 or columns < 1:
        raise ValueError(f"the kernel is larger than the image")
    return sum(
        kernel[u, v] * image[u : u + rows, v : v + columns]
        for u in range(kernel.shape[0])
        for v in range(kernel.shape[1])
    )
