"""Unit 04: metrics that add up, a network with skips, losses, switches, pairs of image and mask."""

# ruff: noqa: E501  (answers and tests stand as in a notebook)

from tests.author_cases import Case

CASES = {
    "a confusion matrix that adds up": Case(
        right='''
class Confusion:
    """Adds up a confusion matrix, image after image."""
    def __init__(self, classes, ignore=255):
        self.classes, self.ignore = classes, ignore
        self.matrix = np.zeros((classes, classes), dtype=np.int64)
    def update(self, predicted, true):
        predicted, true = np.asarray(predicted).ravel(), np.asarray(true).ravel()
        keep = true != self.ignore
        np.add.at(self.matrix, (true[keep], predicted[keep]), 1)
        return self
    def iou(self):
        tp = np.diag(self.matrix)
        union = self.matrix.sum(0) + self.matrix.sum(1) - tp
        return np.where(union > 0, tp / np.maximum(union, 1), np.nan)
    def __call__(self):
        return np.nanmean(self.iou())
''',
        mistakes=(
            (" - tp", ""),
            ("nanmean", "mean"),
            ("(true[keep], predicted[keep])", "(predicted[keep], predicted[keep])"),
        ),
        test="""
true, predicted = np.array([[0, 0, 1], [1, 255, 2]]), np.array([[0, 1, 1], [1, 0, 0]])
metric = Confusion(4)
metric.update(predicted, true)
assert metric.matrix.tolist() == [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
np.testing.assert_allclose(metric.iou(), [1 / 3, 2 / 3, 0, np.nan])
assert metric() == pytest.approx(1 / 3)
metric.update(torch.from_numpy(predicted).numpy(), true).update(predicted, true)
assert metric.matrix.sum() == 15 and metric.matrix.dtype == np.int64
""",
    ),
    "a network with skip connections": Case(
        right="""
class DoubleConv(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.Conv2d(o, o, 3, padding=1), nn.ReLU())

class UNet(nn.Module):
    def __init__(self, depth=2, base=4, classes=2):
        super().__init__()
        widths = [base * 2**i for i in range(depth + 1)]
        self.down = nn.ModuleList(DoubleConv(i, o) for i, o in zip([1, *widths], widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in widths[:-1])
        self.merge = nn.ModuleList(DoubleConv(2 * w, w) for w in widths[:-1])
        self.head = nn.Conv2d(base, classes, 1)
    def forward(self, x):
        skips = []
        for i, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2, ceil_mode=True) if i else x)
            skips.append(x)
        for up, merge, skip in list(zip(self.up, self.merge, skips))[::-1]:
            x = up(x)[..., : skip.shape[-2], : skip.shape[-1]]
            x = merge(torch.cat([skip, x], 1))
        return self.head(x)
""",
        mistakes=(
            ("torch.cat([skip, x], 1)", "torch.cat([x, x], 1)"),
            (", ceil_mode=True", ""),
            ("nn.Conv2d(base, classes, 1)", "nn.Conv2d(base, classes, 3, padding=1)"),
            ("2 * w, w, 2, 2", "2 * w, w, 2, 1"),
        ),
        test="""
torch.manual_seed(0)
model = UNet(depth=2, base=4)
assert sum(p.numel() for p in model.parameters()) == 7402
for size in ((8, 8), (9, 14)):
    assert model(torch.rand(2, 1, *size)).shape == (2, 2, *size)
x = torch.rand(1, 1, 8, 8)
before = model(x)
handle = model.down[0].register_forward_hook(lambda module, arguments, output: output * 0)
after = model(x)
handle.remove()
assert not torch.equal(before, after)
# without what comes from below only the skip is left, and it must matter
with torch.no_grad():
    for up in model.up:
        up.weight.zero_(), up.bias.zero_()
assert model(x).std() > 0 and not torch.equal(model(x), model(x + 1))
torch.testing.assert_close(model(x), model(x), rtol=0, atol=0)
seen = []
handles = [block.register_forward_hook(lambda m, i, o: seen.append(tuple(o.shape))) for block in model.down]
model(x)
assert seen == [(1, 4, 8, 8), (1, 8, 4, 4), (1, 16, 2, 2)]
loss = F.cross_entropy(model(x), torch.zeros(1, 8, 8, dtype=torch.long))
loss.backward()
assert all(p.grad is not None for p in model.parameters())
""",
    ),
    "losses with gradients": Case(
        right="""
def dice_loss(logits, target, eps=1e-6):
    p = logits.sigmoid()
    dims = tuple(range(1, p.dim()))
    return 1 - ((2 * (p * target).sum(dims) + eps) / (p.sum(dims) + target.sum(dims) + eps)).mean()
""",
        mistakes=(
            ("logits.sigmoid()", "(logits > 0).to(logits)"),
            ("range(1, p.dim())", "range(p.dim())"),
            ("+ eps) / (p", ") / (p"),
        ),
        test="""
rng = torch.Generator().manual_seed(0)
logits = torch.randn(2, 1, 3, 3, generator=rng, dtype=torch.float64, requires_grad=True)
target = (torch.rand(2, 1, 3, 3, generator=rng) > 0.5).double()
p = logits.sigmoid()
expected = 1 - ((2 * (p * target).sum((1, 2, 3)) + 1e-6) / (p.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1e-6)).mean()
torch.testing.assert_close(dice_loss(logits, target), expected)
assert torch.autograd.gradcheck(dice_loss, (logits, target))
assert torch.autograd.gradgradcheck(dice_loss, (logits[:1, :, :2, :2].detach().requires_grad_(), target[:1, :, :2, :2]))
empty = dice_loss(torch.full((1, 1, 2, 2), -200.0), torch.zeros(1, 1, 2, 2))
assert torch.isfinite(empty) and abs(empty.item()) < 1e-3
""",
    ),
    "pooling with switches": Case(
        right="""
def pool(x, k):
    values, switches = F.max_pool2d(x, k, return_indices=True)
    return values, switches

def unpool(values, switches, size):
    out = values.new_zeros(*values.shape[:2], size[0] * size[1])
    return out.scatter(2, switches.flatten(2), values.flatten(2)).view(*values.shape[:2], *size)
""",
        mistakes=(
            ("scatter(2, switches.flatten(2)", "scatter(2, switches.flatten(2).sort().values"),
            ("return values, switches\n", "return [values, switches]\n"),
            ("size[0] * size[1])", "size[0] * size[0])"),
        ),
        test="""
x = torch.rand(2, 3, 4, 6, generator=torch.Generator().manual_seed(3)).requires_grad_()
result = pool(x, 2)
assert isinstance(result, tuple) and len(result) == 2
values, switches = result
expected, indices = F.max_pool2d(x, 2, return_indices=True)
torch.testing.assert_close(values, expected)
assert switches.dtype == torch.int64 and torch.equal(switches, indices)
restored = unpool(values, switches, (4, 6))
torch.testing.assert_close(restored, F.max_unpool2d(expected, indices, 2))
restored.sum().backward()
assert x.grad.sum() == values.numel()
""",
    ),
    "a classifier made fully convolutional": Case(
        right="""
def to_fully_conv(classifier, size):
    layers = []
    for layer in classifier:
        if isinstance(layer, nn.Flatten):
            continue
        if isinstance(layer, nn.Linear):
            channels = layer.in_features // (size[0] * size[1])
            conv = nn.Conv2d(channels, layer.out_features, size)
            conv.weight = nn.Parameter(layer.weight.view(layer.out_features, channels, *size))
            conv.bias = layer.bias
            layer, size = conv, (1, 1)
        layers.append(layer)
    return nn.Sequential(*layers)
""",
        mistakes=(
            ("layer, size = conv, (1, 1)", "layer = conv"),
            (
                "layer.weight.view(layer.out_features, channels, *size)",
                "layer.weight.view(layer.out_features, *size, channels).permute(0, 3, 1, 2)",
            ),
            ("            conv.bias = layer.bias\n", ""),
        ),
        test="""
torch.manual_seed(1)
classifier = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 4 * 5, 6), nn.ReLU(), nn.Linear(6, 2))
model = to_fully_conv(classifier, (4, 5))
x = torch.rand(2, 1, 6, 7)
torch.testing.assert_close(model(x)[..., 0, 0], classifier(x))
assert model(torch.rand(1, 1, 10, 12)).shape == (1, 2, 5, 6)
assert isinstance(model, nn.Sequential)
assert [type(layer) is not None and isinstance(layer, nn.Conv2d) for layer in model] == [True, False, True, False, True]
""",
    ),
    "a transform with a generator": Case(
        right='''
class PairedAugment:
    """Flips and crops an image and its mask alike."""
    def __init__(self, size, rng):
        self.size, self.rng = size, rng
    def __call__(self, image, mask):
        if torch.rand((), generator=self.rng) < 0.5:
            image, mask = image.flip(-1), mask.flip(-1)
        top = int(torch.randint(0, image.shape[-2] - self.size + 1, (), generator=self.rng))
        return image[..., top : top + self.size, :], mask[..., top : top + self.size, :]
''',
        mistakes=(
            ("mask.flip(-1)", "mask"),
            ("- self.size + 1", "- self.size"),
            ("image.flip(-1)", "torch.flip(image, (-2,))"),
            ("int(torch.randint(0, image.shape[-2] - self.size + 1, (), generator=self.rng))", "0"),
        ),
        test="""
image = torch.arange(48.0).view(1, 8, 6)
mask = (image[0] * 10).long()
augment = PairedAugment(7, torch.Generator().manual_seed(2))
pairs = [augment(image, mask) for _ in range(40)]
assert all(torch.equal((i[0] * 10).long(), m) for i, m in pairs)
assert all(m.dtype == torch.long and m.shape == (7, 6) for _, m in pairs)
corners = {i[0, 0, 0].item() for i, _ in pairs}
assert corners == {0.0, 5.0, 6.0, 11.0}
again = PairedAugment(7, torch.Generator().manual_seed(2))
assert torch.equal(again(image, mask)[0], pairs[0][0])
assert image[0, 0, 0] == 0 and image[0, 0, 5] == 5
""",
    ),
}
