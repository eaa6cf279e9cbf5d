"""What any unit may need: callbacks, hooks, context managers, saving, copies, figures, iterators, torch.func."""

# ruff: noqa: E501  (answers and tests stand as in a notebook)

from tests.author_cases import Case

CASES = {
    "a training loop with callbacks": Case(
        right='''
def fit(step, epochs, callbacks=()):
    """Calls step(epoch) for a loss; a callback that returns True ends it."""
    history = []
    for epoch in range(epochs):
        history.append(float(step(epoch)))
        if any([callback(epoch, {"loss": history[-1], "history": history}) for callback in callbacks]):
            break
    return history

class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.since = patience, math.inf, 0
    def __call__(self, epoch, logs):
        self.since = 0 if logs["loss"] < self.best else self.since + 1
        self.best = min(self.best, logs["loss"])
        return self.since >= self.patience
''',
        mistakes=(("any([", "all(["), (">= self.patience", "> self.patience"), ("history[-1], ", "history[0], ")),
        test="""
losses, seen = [5.0, 4.0, 4.5, 4.6, 1.0], []
history = fit(lambda epoch: torch.tensor(losses[epoch]), 5, [EarlyStopping(2), lambda epoch, logs: seen.append((epoch, logs["loss"]))])
assert history == pytest.approx([5.0, 4.0, 4.5, 4.6])
assert seen == [(0, 5.0), (1, 4.0), (2, 4.5), (3, pytest.approx(4.6))]
""",
    ),
    "a context manager over a module of the test": Case(
        right="""
from contextlib import contextmanager

@contextmanager
def evaluating(model):
    before = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        for module, mode in before.items():
            module.training = mode
""",
        mistakes=(
            ("module.training = mode", "module.training = True"),
            (
                "    try:\n        with torch.no_grad():\n            yield model\n    finally:\n",
                "    yield model\n    if True:\n",
            ),
            ("    model.eval()\n", ""),
        ),
        test="""
model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2))
model[2].eval()
with evaluating(model):
    assert not model.training and not model[1].training
assert model.training and model[1].training and not model[2].training
with pytest.raises(RuntimeError, match="stop"):
    with evaluating(model):
        raise RuntimeError("stop")
assert model.training and not model[2].training
""",
    ),
    "activations captured by hooks": Case(
        right='''
def capture(model, names, x):
    """The outputs of named submodules; every hook is removed."""
    found, handles = {}, []
    for name in names:
        def note(module, arguments, output, name=name):
            found[name] = output.detach()
        handles.append(model.get_submodule(name).register_forward_hook(note))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return found
''',
        mistakes=(
            ("            handle.remove()", "            pass"),
            ("output, name=name", "output"),
            ("output.detach()", "arguments[0].detach()"),
        ),
        test="""
torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Linear(32, 3)))
x = torch.rand(2, 1, 6, 6)
found = capture(model, ["0", "2.1"], x)
assert set(found) == {"0", "2.1"} and not found["0"].requires_grad
torch.testing.assert_close(found["0"], model[0](x).detach())
torch.testing.assert_close(found["2.1"], model(x).detach())
assert all(len(module._forward_hooks) == 0 for module in model.modules())
with pytest.raises(RuntimeError):
    capture(model, ["1"], torch.rand(2, 3, 6, 6))
assert all(len(module._forward_hooks) == 0 for module in model.modules())
""",
    ),
    "saved, loaded and copied": Case(
        right="""
class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.width, self.body = width, nn.Linear(3, width)
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)
    def forward(self, x):
        return self.body(x - self.mean)

def save_checkpoint(model, optimiser, epoch):
    import io
    buffer = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "epoch": epoch}, buffer)
    return buffer.getvalue()

def load_checkpoint(data, model):
    import io
    stored = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(stored["model"])
    return stored["epoch"]
""",
        mistakes=(
            (", persistent=False", ""),
            ('    model.load_state_dict(stored["model"])\n', ""),
            ("x - self.mean", "x"),
            ('"epoch": epoch', '"epoch": epoch + 1'),
        ),
        test="""
torch.manual_seed(1)
net = Net(5)
state = net.state_dict()
assert list(state) == ["mean", "body.weight", "body.bias"]
copied = copy.deepcopy(net)
with torch.no_grad():
    copied.body.weight.fill_(1.0)
copied.mean = torch.full((3,), 2.0)
assert not torch.equal(net.body.weight, copied.body.weight) and net.mean.sum() == 0
x = torch.rand(2, 3)
torch.testing.assert_close(copied(x), (x - 2).sum(1, keepdim=True).expand(2, 5) + net.body.bias)
other = Net(5)
other.load_state_dict(copied.state_dict())
torch.testing.assert_close(other(x), copied(x))
with pytest.raises(RuntimeError, match="body.weight"):
    Net(4).load_state_dict(state)
model = nn.Linear(3, 2)
optimiser = torch.optim.Adam(model.parameters())
data = save_checkpoint(model, optimiser, 7)
stored = torch.load(__import__("io").BytesIO(data), weights_only=True)
assert stored["epoch"] == 7 and torch.equal(stored["model"]["weight"], model.weight)
fresh = nn.Linear(3, 2)
assert load_checkpoint(data, fresh) == 7
assert torch.equal(fresh.weight, model.weight)
""",
    ),
    "a figure is looked at": Case(
        right="""
def plot_history(history):
    fig, ax = plt.subplots()
    ax.plot(history["loss"], label="loss")
    ax.set_title("Training")
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    ax.set_yscale("log")
    ax.legend()
    return fig
""",
        mistakes=(
            ('    ax.set_xlabel("epoch")\n', ""),
            ("    return fig\n", ""),
            ('history["loss"], label', 'history["loss"][1:], label'),
            ('"log"', '"linear"'),
        ),
        test="""
fig = plot_history({"loss": [3.0, 2.0, 1.0]})
(ax,) = fig.axes
assert ax.get_xlabel() == "epoch" and ax.get_title() == "Training" and ax.get_yscale() == "log"
(line,) = ax.lines
assert list(line.get_ydata()) == [3.0, 2.0, 1.0]
assert line.get_label() == "loss"
assert [text.get_text() for text in ax.get_legend().get_texts()] == ["loss"]
""",
    ),
    "iterators and generators": Case(
        right='''
def windows(image, size, stride):
    """(row, column, patch), row after row."""
    for i in range(0, image.shape[-2] - size + 1, stride):
        for j in range(0, image.shape[-1] - size + 1, stride):
            yield i, j, image[..., i : i + size, j : j + size]

def batches(iterable, size):
    batch = []
    for one in iterable:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
''',
        mistakes=(
            ("- size + 1, stride):\n        for", "- size, stride):\n        for"),
            ("    if batch:\n        yield batch\n", ""),
            ("yield i, j,", "yield j, i,"),
        ),
        test="""
image = torch.arange(20).view(4, 5)
found = windows(image, 2, 2)
i, j, first = next(found)
assert (i, j) == (0, 0) and first.tolist() == [[0, 1], [5, 6]]
rest = list(found)
assert [(i, j) for i, j, _ in rest] == [(0, 2), (2, 0), (2, 2)]
assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
assert list(batches((n for n in (1, 2, 3)), 2)) == [[1, 2], [3]]
def endless():
    n = 0
    while True:
        yield n
        n += 1
assert next(batches(endless(), 3)) == [0, 1, 2]
""",
    ),
    "functions under torch.func": Case(
        right="""
def energy(x):
    return (x**3).sum()

def sample_gradients(model, x, y):
    from torch.func import functional_call, grad, vmap
    params = {name: p.detach() for name, p in model.named_parameters()}
    def loss(params, x, y):
        return F.mse_loss(functional_call(model, params, (x[None],)), y[None])
    return vmap(grad(loss), in_dims=(None, 0, 0))(params, x, y)
""",
        mistakes=(("x**3", "x**2"), ("y[None])", "y[None] * 2)"), ("(x[None],)", "(x[None] * 2,)")),
        test="""
x = torch.rand(4, dtype=torch.float64)
torch.testing.assert_close(torch.autograd.functional.jacobian(energy, x), 3 * x**2)
torch.testing.assert_close(torch.autograd.functional.hessian(energy, x), torch.diag(6 * x))
model = nn.Linear(3, 1)
xs, ys = torch.rand(5, 3), torch.rand(5, 1)
found = sample_gradients(model, xs, ys)
assert set(found) == {"weight", "bias"} and found["weight"].shape == (5, 1, 3)
F.mse_loss(model(xs), ys).backward()
torch.testing.assert_close(found["weight"].mean(0), model.weight.grad)
""",
    ),
    "abstract classes and errors of one's own": Case(
        given="""
from abc import ABC, abstractmethod
class Metric(ABC):
    @abstractmethod
    def update(self, value): ...
    @abstractmethod
    def compute(self): ...
""",
        right='''
class EmptyError(ValueError):
    """Nothing was added."""

class Mean(Metric):
    total, count = 0.0, 0
    def update(self, value):
        if not math.isfinite(value):
            raise ValueError(f"value must be finite, it is {value}")
        self.total, self.count = self.total + value, self.count + 1
    def compute(self):
        if not self.count:
            raise EmptyError("add a value first")
        return self.total / self.count
''',
        mistakes=(
            ("EmptyError(ValueError)", "EmptyError(KeyError)"),
            ("/ self.count", "/ (self.count + 1)"),
            ("value must be finite", "bad"),
            ("class Mean(Metric)", "class Mean"),
        ),
        test="""
mean = Mean()
assert isinstance(mean, Metric)
with pytest.raises(ValueError, match="first"):
    mean.compute()
with pytest.raises(EmptyError):
    mean.compute()
for value in (1, 2, 6.0):
    mean.update(value)
assert mean.compute() == 3
with pytest.raises(ValueError, match="finite, it is nan"):
    mean.update(float("nan"))
""",
    ),
}
