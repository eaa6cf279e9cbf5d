"""Unit 02: layers as modules, tables of layers, initialisation, an optimiser, a schedule, a network to mend."""

# ruff: noqa: E501  (answers and tests stand as in a notebook)

from tests.author_cases import Case

CASES = {
    "rows of a table as dataclasses": Case(
        given="""
from dataclasses import dataclass
@dataclass(frozen=True)
class LayerRow:
    name: str
    shape: tuple[int, ...]
    params: int
""",
        right="""
def trace_shapes(spec, size):
    rows, channels = [], size[0]
    for kind, out, kernel in spec:
        params = out * channels * kernel**2 + out if kind == "conv" else 0
        height = size[1] - kernel + 1 if kind == "conv" else size[1] // kernel
        channels = out if kind == "conv" else channels
        size = (channels, height, height)
        rows.append(LayerRow(kind, size, params))
    return rows
""",
        mistakes=(
            ("+ out if", "if"),
            ("return rows", "return rows[:-1]"),
            ("LayerRow(kind, size, params)", "(kind, size, params)"),
        ),
        test="""
rows = trace_shapes([("conv", 6, 5), ("pool", 0, 2)], (1, 28, 28))
assert [row.shape for row in rows] == [(6, 24, 24), (6, 12, 12)]
assert rows == [LayerRow("conv", (6, 24, 24), 156), LayerRow("pool", (6, 12, 12), 0)]
assert sum(row.params for row in rows) == 156 and isinstance(rows[0], LayerRow)
""",
    ),
    "a module whose weights the test sets": Case(
        right="""
class Inception(nn.Module):
    def __init__(self, channels, widths):
        super().__init__()
        self.branch1 = nn.Conv2d(channels, widths[0], 1)
        self.branch3 = nn.Sequential(nn.Conv2d(channels, widths[1], 1), nn.ReLU(), nn.Conv2d(widths[1], widths[1], 3, padding=1))
    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch3(x)], dim=1)
""",
        mistakes=(
            ("dim=1", "dim=-1"),
            ("[self.branch1(x), self.branch3(x)]", "[self.branch3(x), self.branch1(x)]"),
            ("nn.ReLU()", "nn.Sigmoid()"),
        ),
        test="""
model = Inception(3, (2, 4))
reference = nn.ModuleDict({
    "branch1": nn.Conv2d(3, 2, 1),
    "branch3": nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)),
})
result = model.load_state_dict(reference.state_dict())
x = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(3))
y = model(x)
assert y.shape == (2, 6, 5, 7)
torch.testing.assert_close(y, torch.cat([reference["branch1"](x), reference["branch3"](x)], 1))
assert sum(p.numel() for p in model.parameters()) == sum(p.numel() for p in reference.parameters())
assert isinstance(model.branch3[0], nn.Conv2d) and model.branch3[0].kernel_size == (1, 1)
assert [name for name, _ in model.named_children()] == ["branch1", "branch3"]
with torch.no_grad():
    for parameter in model.parameters():
        parameter.fill_(0.5)
torch.testing.assert_close(model(torch.zeros(1, 3, 2, 2))[:, :2], torch.full((1, 2, 2, 2), 0.5))
""",
    ),
    "batch normalisation with running statistics": Case(
        right="""
def batchnorm2d(x, gamma, beta, running, momentum=0.1, eps=1e-5, training=True):
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        n = x.numel() // x.shape[1]
        running["mean"].mul_(1 - momentum).add_(momentum * mean.detach())
        running["var"] = (1 - momentum) * running["var"] + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running["mean"], running["var"]
    x = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps)
    return x * gamma[:, None, None] + beta[:, None, None]
""",
        mistakes=((" * n / (n - 1)", ""), ("if training:", "if True:"), ("mul_(1 - momentum)", "mul_(momentum)")),
        test="""
g = torch.Generator().manual_seed(1)
x = torch.randn(4, 3, 5, 5, generator=g, dtype=torch.float64)
gamma, beta = torch.rand(3, generator=g, dtype=torch.float64), torch.rand(3, generator=g, dtype=torch.float64)
running = {"mean": torch.zeros(3, dtype=torch.float64), "var": torch.ones(3, dtype=torch.float64)}
mean, var = running["mean"].clone(), running["var"].clone()
for training in (True, True, False):
    expected = F.batch_norm(x, mean, var, gamma, beta, training)
    torch.testing.assert_close(batchnorm2d(x, gamma, beta, running, training=training), expected)
torch.testing.assert_close(running["mean"], mean)
torch.testing.assert_close(running["var"], var)
small = x[:2, :, :2, :2].clone().requires_grad_()
copy = {name: value.clone() for name, value in running.items()}
assert torch.autograd.gradcheck(lambda t: batchnorm2d(t, gamma, beta, dict(copy)), small)
""",
    ),
    "weights initialised in place": Case(
        right="""
def he_init_(w, rng):
    fan_in = w[0].numel()
    with torch.no_grad():
        return w.normal_(0, math.sqrt(2 / fan_in), generator=rng)
""",
        mistakes=(
            ("w[0].numel()", "w.shape[0]"),
            ("return w.normal_(", "return w.clone().normal_("),
            (", generator=rng", ""),
        ),
        test="""
for make in (lambda: torch.zeros(64, 32, 3, 3), lambda: nn.Conv2d(32, 64, 3).weight):
    w, rng = make(), torch.Generator().manual_seed(5)
    other = torch.Generator().manual_seed(5)
    expected = torch.empty(64, 32, 3, 3).normal_(0, math.sqrt(2 / 288), generator=other)
    result = he_init_(w, rng)
    torch.testing.assert_close(w.detach(), expected)
    torch.testing.assert_close(result.detach(), expected)
    assert torch.equal(rng.get_state(), other.get_state())
""",
    ),
    "steps of an optimiser and a schedule": Case(
        right="""
def sgd_step(params, grads, buffers, lr, momentum):
    for p, g, b in zip(params, grads, buffers):
        b.mul_(momentum).add_(g)
        p.data.sub_(lr * b)

class PlateauLR:
    def __init__(self, lr, factor=0.1, patience=2):
        self.lr, self.factor, self.patience = lr, factor, patience
        self.best, self.bad = math.inf, 0
    def step(self, loss):
        if loss < self.best:
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        if self.bad > self.patience:
            self.lr, self.bad = self.lr * self.factor, 0
        return self.lr
""",
        mistakes=(
            ("b.mul_(momentum).add_(g)", "b.add_(g)"),
            ("b.mul_(momentum).add_(g)", "b = momentum * b + g"),
            ("> self.patience", ">= self.patience"),
        ),
        test="""
p = torch.tensor([1.0, 2.0], requires_grad=True)
q = p.detach().clone().requires_grad_()
buffer, optimiser = torch.zeros(2), torch.optim.SGD([q], lr=0.01, momentum=0.9)
for _ in range(5):
    (p**4).sum().backward()
    (q**4).sum().backward()
    sgd_step([p], [p.grad], [buffer], 0.01, 0.9)
    optimiser.step()
    p.grad = None
    optimiser.zero_grad()
torch.testing.assert_close(p.detach(), q.detach())
schedule = PlateauLR(1.0, factor=0.5)
assert [schedule.step(loss) for loss in (3, 2, 2, 2, 2, 1, 1)] == [1, 1, 1, 1, 0.5, 0.5, 0.5]
assert schedule.lr == 0.5 and schedule.best == 1
""",
    ),
    "a network to mend": Case(
        right="""
def train(model, images, labels, epochs=3, lr=0.05):
    optimiser = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    history = []
    model.train()
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        history.append(loss.item())
    model.eval()
    return history
""",
        mistakes=(
            ("        optimiser.zero_grad()\n", ""),
            ("    model.eval()\n", ""),
            ("loss.item()", "loss.item() + 1"),
            ("optimiser.step()", "pass"),
        ),
        test="""
rng = torch.Generator().manual_seed(2)
images, labels = torch.randn(8, 1, 6, 6, generator=rng), torch.arange(8) % 3
torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
other = copy.deepcopy(model)
history = train(model, images, labels)
optimiser, expected = torch.optim.SGD(other.parameters(), lr=0.05, momentum=0.9), []
for _ in range(3):
    optimiser.zero_grad()
    loss = F.cross_entropy(other(images), labels)
    loss.backward()
    optimiser.step()
    expected.append(loss.item())
assert history == pytest.approx(expected, rel=1e-4)
for mine, theirs in zip(model.state_dict().values(), other.state_dict().values()):
    torch.testing.assert_close(mine, theirs)
assert not model.training and not model[1].training
""",
    ),
    "a block of a class that was given": Case(
        given='''
class Residual(nn.Module):
    """x + body(x)."""
    def __init__(self, body):
        super().__init__()
        self.body = body
    def forward(self, x):
        return x + self.body(x)
''',
        right="""
def zero_last(block):
    nn.init.zeros_(block.body[-1].weight)
    nn.init.zeros_(block.body[-1].bias)
    return block

def count(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)

def stack(blocks):
    return nn.Sequential(*blocks)
""",
        mistakes=(("body[-1].weight", "body[0].weight"), ("if p.requires_grad", "")),
        test="""
block = Residual(nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 1)))
nn.init.ones_(block.body[0].bias)
x = torch.rand(1, 2, 3, 3)
zero_last(block)
torch.testing.assert_close(block(x), x)
block.body[0].weight.requires_grad_(False)
assert count(block) == 2 + 4 + 2
torch.testing.assert_close(stack([block, block])(x), x)
""",
    ),
    "a block of torchvision": Case(
        right='''
def zero_last_norm(block):
    """So that the block begins as the identity; the names of what stays trainable."""
    nn.init.zeros_(block.bn2.weight)
    for parameter in block.conv1.parameters():
        parameter.requires_grad_(False)
    return [name for name, parameter in block.named_parameters() if parameter.requires_grad]
''',
        mistakes=(("block.bn2.weight", "block.bn2.bias"), ("requires_grad_(False)", "requires_grad_(True)")),
        test="""
from torchvision.models.resnet import BasicBlock
block = BasicBlock(4, 4)
x = torch.rand(2, 4, 5, 5)
assert zero_last_norm(block) == ["bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias"]
torch.testing.assert_close(block(x), x)
assert not block.conv1.weight.requires_grad
""",
    ),
    "a layer of the answer inside a network of the test": Case(
        right="""
class Scale(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(n))
    def forward(self, x):
        return x * self.gain
""",
        mistakes=(("x * self.gain", "x + self.gain"),),
        test="""
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), Scale(4), nn.Linear(4, 1))
assert len(list(net.parameters())) == 5
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.rand(8, 3), torch.rand(8, 1)
first = F.mse_loss(net(x), y).item()
for _ in range(5):
    opt.zero_grad(); loss = F.mse_loss(net(x), y); loss.backward(); opt.step()
assert loss.item() < first
assert not torch.equal(net[1].gain, torch.ones(4))
assert set(net.state_dict()) == {"0.weight", "0.bias", "1.gain", "2.weight", "2.bias"}
net[1].gain.data.fill_(0)
torch.testing.assert_close(net(x), net[2].bias.expand(8, 1))
net.eval()
assert not net[1].training
""",
    ),
}
