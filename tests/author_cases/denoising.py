"""Unit 05: noise from a generator, masks, blind spots of the test's networks, a training step in modes."""

# ruff: noqa: E501  (answers and tests stand as in a notebook)

from tests.author_cases import Case

CASES = {
    "noise from a generator": Case(
        right="""
def add_noise(x, kind, rng, sigma=0.1):
    if kind == "gaussian":
        return x + sigma * torch.randn(x.shape, generator=rng, dtype=x.dtype)
    if kind == "poisson":
        return torch.poisson(x / sigma, generator=rng) * sigma
    raise ValueError(f"kind must be gaussian or poisson, not {kind!r}")
""",
        mistakes=(
            ("x + sigma *", "x.add_(sigma) + 0 *"),
            (", generator=rng, dtype", ", dtype"),
            ("raise ValueError(", "return ("),
            ("* sigma\n", "\n"),
        ),
        test="""
x = torch.full((64, 64), 0.5, dtype=torch.float64)
rng, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
noisy = add_noise(x, "gaussian", rng)
torch.testing.assert_close(noisy, x + 0.1 * torch.randn(64, 64, generator=other, dtype=torch.float64))
assert (x == 0.5).all()
assert torch.equal(rng.get_state(), other.get_state())
poisson = add_noise(x, kind="poisson", rng=rng)
assert abs(poisson.var().item() - 0.05) < 0.01
with pytest.raises(ValueError, match="gaussian or poisson, not 'salt'"):
    add_noise(x, "salt", rng)
""",
    ),
    "blind-spot inputs": Case(
        right='''
def n2v_inputs(x, mask, radius, rng):
    """Replace masked pixels by a neighbour, never by themselves."""
    n, c, h, w = x.shape
    out = x.clone()
    for i in mask.nonzero():
        y0, x0 = int(i[2]), int(i[3])
        places = [(y, z) for y in range(max(0, y0 - radius), min(h, y0 + radius + 1)) for z in range(max(0, x0 - radius), min(w, x0 + radius + 1)) if (y, z) != (y0, x0)]
        y, z = places[int(torch.randint(len(places), (), generator=rng))]
        out[i[0], i[1], y0, x0] = x[i[0], i[1], y, z]
    return out
''',
        mistakes=(
            (" if (y, z) != (y0, x0)", ""),
            ("out = x.clone()", "out = x"),
            ("min(h, y0 + radius + 1)", "min(h, y0 + radius + 9)"),
        ),
        test="""
rng = torch.Generator().manual_seed(5)
x = torch.arange(2 * 64.0).view(2, 1, 8, 8)
mask = torch.rand(x.shape, generator=rng) < 0.3
before = x.clone()
changed = n2v_inputs(x, mask, 1, rng)
assert torch.equal(x, before)
assert torch.equal(changed != x, mask)
distance = (changed - x).abs()[mask]
assert set(distance.long().tolist()) <= {1, 7, 8, 9}
""",
    ),
    "a masked loss": Case(
        right="""
def masked_mse(prediction, target, mask):
    if not mask.any():
        raise ValueError("mask is empty")
    return ((prediction - target)[mask] ** 2).mean()
""",
        mistakes=(
            ("[mask] ** 2).mean()", " ** 2 * mask).mean()"),
            ('raise ValueError("mask is empty")', "return prediction.sum() * 0"),
            ("(prediction - target)", "(prediction.detach() - target)"),
        ),
        test="""
p = torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
t, mask = torch.rand(3, 4, dtype=torch.float64), torch.eye(3, 4, dtype=torch.bool)
loss = masked_mse(p, t, mask)
torch.testing.assert_close(loss, F.mse_loss(p[mask], t[mask]))
(gradient,) = torch.autograd.grad(loss, p)
assert (gradient[~mask] == 0).all() and (gradient[mask] != 0).all()
assert torch.autograd.gradcheck(masked_mse, (p, t, mask))
with pytest.raises(ValueError, match="empty"):
    masked_mse(p, t, torch.zeros(3, 4, dtype=torch.bool))
""",
    ),
    "a network of the test is asked for its blind spot": Case(
        right="""
def is_blind(network, x, i, j):
    with torch.no_grad():
        y = x.clone()
        y[..., i, j] += 1
        return bool(torch.equal(network(x)[..., i, j], network(y)[..., i, j]))
""",
        mistakes=(
            ("y = x.clone()", "y = x"),
            ("return bool(torch.equal(", "return not (torch.equal("),
            ("network(x)[..., i, j], network(y)[..., i, j]", "network(x), network(y)"),
        ),
        test='''
class Blind(nn.Module):
    """The mean of the four neighbours."""
    def forward(self, x):
        return sum(x.roll(shift, axis) for shift in (1, -1) for axis in (-1, -2)) / 4

x = torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(1))
assert is_blind(Blind(), x, 2, 3) is True
assert is_blind(nn.Conv2d(1, 1, 3, padding=1), x, 2, 3) is False
assert is_blind(lambda t: t.roll(1, -1), x, 2, 3) is True
assert is_blind(torch.relu, x, 2, 3) is False
calls = []
is_blind(lambda t: calls.append(tuple(t.shape)) or t, x, 0, 0)
assert calls == [(1, 1, 6, 6)] * 2
''',
    ),
    "one training step in several modes": Case(
        right="""
def train_step(network, optimiser, batch, mode, rng):
    noisy, clean = batch["noisy"], batch.get("clean")
    network.train()
    if mode == "n2v":
        mask = torch.rand(noisy.shape, generator=rng) < 0.5
        loss = ((network(noisy * ~mask) - noisy)[mask] ** 2).mean()
    else:
        loss = F.mse_loss(network(noisy), clean if mode == "supervised" else batch["second"])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    network.eval()
    return loss.item()
""",
        mistakes=(
            ("    network.eval()\n", ""),
            ("    optimiser.zero_grad()\n", ""),
            ('if mode == "supervised" else batch["second"]', ""),
            ("(noisy * ~mask)", "(noisy)"),
        ),
        test="""
rng = torch.Generator().manual_seed(3)
batch = {name: torch.rand(2, 1, 6, 6, generator=rng) for name in ("noisy", "clean", "second")}
torch.manual_seed(0)
network = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 1, 3, padding=1))
other = copy.deepcopy(network)
mine = torch.optim.Adam(network.parameters(), 0.01)
theirs = torch.optim.Adam(other.parameters(), 0.01)
for mode in ("supervised", "n2n", "n2v", "supervised"):
    first, second = torch.Generator().manual_seed(9), torch.Generator().manual_seed(9)
    loss = train_step(network, mine, batch, mode, first)
    if mode == "n2v":
        mask = torch.rand(2, 1, 6, 6, generator=second) < 0.5
        expected = ((other(batch["noisy"] * ~mask) - batch["noisy"])[mask] ** 2).mean()
    else:
        expected = F.mse_loss(other(batch["noisy"]), batch["clean" if mode == "supervised" else "second"])
    theirs.zero_grad()
    expected.backward()
    theirs.step()
    assert loss == pytest.approx(expected.item(), rel=1e-4)
    assert not network.training
for a, b in zip(network.parameters(), other.parameters()):
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
""",
    ),
}
