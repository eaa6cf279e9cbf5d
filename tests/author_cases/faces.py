"""Unit 06: distances, triplets, angular margins, samplers, galleries, curves."""

# ruff: noqa: E501  (answers and tests stand as in a notebook)

from tests.author_cases import Case

CASES = {
    "triplets mined from a distance matrix": Case(
        right="""
def mine_triplets(distances, labels, kind="hard", margin=0.2):
    found = []
    for a in range(len(labels)):
        positive = [i for i in range(len(labels)) if labels[i] == labels[a] and i != a]
        negative = [i for i in range(len(labels)) if labels[i] != labels[a]]
        if not positive or not negative:
            continue
        if kind == "all":
            found += [(a, p, n) for p in positive for n in negative]
        else:
            found.append((a, max(positive, key=lambda i: distances[a, i]), min(negative, key=lambda i: distances[a, i])))
    return found

def triplet_loss(d_ap, d_an, margin):
    return F.relu(d_ap - d_an + margin).mean()
""",
        mistakes=(
            (" and i != a", ""),
            ("max(positive", "min(positive"),
            ("d_ap - d_an + margin", "d_an - d_ap + margin"),
            ("F.relu(d_ap - d_an + margin)", "(d_ap - d_an + margin)"),
        ),
        test="""
rng = torch.Generator().manual_seed(2)
points, labels = torch.rand(6, 2, generator=rng), torch.tensor([0, 0, 0, 1, 1, 2])
distances = torch.cdist(points, points)
triplets = mine_triplets(distances, labels, "all")
assert len(triplets) == 3 * 2 * 3 + 2 * 4 and all(labels[a] == labels[p] != labels[n] and a != p for a, p, n in triplets)
for a, p, n in mine_triplets(distances, labels):
    same, different = (labels == labels[a]), labels != labels[a]
    assert distances[a, p] == distances[a][same].max() and distances[a, n] == distances[a][different].min()
d_ap, d_an = torch.tensor([0.5, 0.1], requires_grad=True), torch.tensor([0.6, 0.9])
loss = triplet_loss(d_ap, d_an, 0.2)
torch.testing.assert_close(loss, torch.tensor(0.05))
loss.backward()
assert d_ap.grad.tolist() == [0.5, 0.0]
""",
    ),
    "logits with an angular margin": Case(
        right="""
class ArcFace(nn.Module):
    def __init__(self, features, classes, s=64.0, m=0.5):
        super().__init__()
        self.s, self.m = s, m
        self.weight = nn.Parameter(torch.randn(classes, features))
    def forward(self, x, y):
        cos = F.linear(F.normalize(x), F.normalize(self.weight)).clamp(-1 + 1e-6, 1 - 1e-6)
        hit = F.one_hot(y, len(self.weight)).bool()
        return self.s * torch.where(hit, torch.cos(torch.acos(cos) + self.m), cos)
""",
        mistakes=(
            ("+ self.m)", "- self.m)"),
            ("torch.where(hit,", "torch.where(~hit,"),
            ("F.normalize(x)", "x"),
            (".clamp(-1 + 1e-6, 1 - 1e-6)", ""),
        ),
        test="""
head = ArcFace(4, 3, s=10.0, m=0.3)
assert isinstance(head, nn.Module) and isinstance(head.weight, nn.Parameter)
rng = torch.Generator().manual_seed(1)
weight, x, y = torch.randn(3, 4, generator=rng), torch.randn(5, 4, generator=rng), torch.tensor([0, 1, 2, 0, 1])
with torch.no_grad():
    head.weight.copy_(weight)
logits = head(x, y)
cos = F.linear(F.normalize(x), F.normalize(weight))
expected = 10 * torch.where(F.one_hot(y, 3).bool(), torch.cos(torch.acos(cos) + 0.3), cos)
torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
F.cross_entropy(logits, y).backward()
assert head.weight.grad.abs().sum() > 0
with torch.no_grad():
    head.weight.copy_(torch.eye(3, 4))
e = torch.eye(3, 4).requires_grad_()
head(e, torch.tensor([0, 1, 2])).sum().backward()
assert torch.isfinite(e.grad).all()
head = head.double()
with torch.no_grad():
    head.weight.copy_(weight)
assert torch.autograd.gradcheck(lambda t: head(t, y), x.double().requires_grad_())
""",
    ),
    "a sampler and a data set in a loader": Case(
        right="""
class Faces(torch.utils.data.Dataset):
    def __init__(self, images, labels):
        self.images, self.labels = images, labels
    def __len__(self):
        return len(self.labels)
    def __getitem__(self, i):
        return self.images[i], int(self.labels[i])

class PKSampler(torch.utils.data.Sampler):
    def __init__(self, labels, p, k, rng):
        self.labels, self.p, self.k, self.rng = labels, p, k, rng
    def __len__(self):
        return 4
    def __iter__(self):
        classes = self.labels.unique()
        for _ in range(len(self)):
            chosen = classes[torch.randperm(len(classes), generator=self.rng)[: self.p]]
            batch = []
            for c in chosen:
                members = torch.where(self.labels == c)[0]
                batch += members[torch.randperm(len(members), generator=self.rng)[: self.k]].tolist()
            yield batch
""",
        mistakes=(
            (": self.p]", ": self.p - 1]"),
            ("int(self.labels[i])", "int(self.labels[i - 1])"),
            ("return 4", "return 3"),
            ("[: self.k]", ""),
        ),
        test="""
labels = torch.arange(12) % 4
data = Faces(torch.arange(12.0)[:, None].expand(12, 2).clone(), labels)
image, label = data[5]
assert image.tolist() == [5, 5] and label == 1
loader = torch.utils.data.DataLoader(data, batch_sampler=PKSampler(labels, 2, 3 - 1, torch.Generator().manual_seed(0)))
batches = list(loader)
assert len(batches) == 4
for images, found in batches:
    assert images.shape == (4, 2) and found.dtype == torch.int64
    assert sorted(found.unique(return_counts=True)[1].tolist()) == [2, 2]
    assert torch.equal(labels[images[:, 0].long()], found)
""",
    ),
    "a gallery": Case(
        right="""
class Gallery:
    def __init__(self, threshold=0.5):
        self.threshold, self._templates = threshold, {}
    def enroll(self, name, embedding):
        self._templates.setdefault(name, []).append(F.normalize(embedding, dim=0))
    def verify(self, name, embedding):
        if name not in self._templates:
            raise KeyError(name)
        return bool(max(t @ F.normalize(embedding, dim=0) for t in self._templates[name]) >= self.threshold)
    def identify(self, embedding):
        scores = {name: max(float(t @ F.normalize(embedding, dim=0)) for t in ts) for name, ts in self._templates.items()}
        best = max(scores, key=scores.get, default=None)
        return (best, scores[best]) if best and scores[best] >= self.threshold else (None, 0.0)
    def __contains__(self, name):
        return name in self._templates
    def __len__(self):
        return len(self._templates)
""",
        mistakes=(
            (">= self.threshold else", ">= 0 else"),
            ("raise KeyError(name)", "return False"),
            (".setdefault(name, []).append(", ".__setitem__(name, [0 * embedding]) or ("),
            ("t @ F.normalize(embedding, dim=0)) for t in ts", "t @ embedding) for t in ts"),
        ),
        test="""
gallery = Gallery(0.8)
a, b, unknown = torch.eye(3)
assert gallery.identify(a) == (None, 0.0)
for name, template in (("Ada", a), ("Bob", b), ("Ada", (a + b) * 5)):
    gallery.enroll(name, template)
name, score = gallery.identify(3 * a)
assert name == "Ada" and score == pytest.approx(1)
assert gallery.identify(unknown) == (None, 0.0)
assert gallery.verify("Bob", b) is True and gallery.verify("Bob", a) is False
with pytest.raises(KeyError, match="Cyd"):
    gallery.verify("Cyd", a)
""",
    ),
    "curves and rates with numpy": Case(
        right='''
def roc_curve(scores, same):
    """False and true positive rates, thresholds falling."""
    order = np.argsort(-scores, kind="stable")
    scores, same = scores[order], same[order]
    last = np.r_[np.nonzero(np.diff(scores))[0], len(scores) - 1]
    tpr, fpr = np.cumsum(same)[last] / same.sum(), np.cumsum(~same)[last] / (~same).sum()
    return np.r_[0, fpr], np.r_[0, tpr], np.r_[np.inf, scores[last]]

def eer(scores, same):
    fpr, tpr, _ = roc_curve(scores, same)
    i = np.argmin(np.abs(fpr - (1 - tpr)))
    return np.float64((fpr[i] + 1 - tpr[i]) / 2)
''',
        mistakes=(
            ("np.r_[np.nonzero(np.diff(scores))[0], len(scores) - 1]", "np.arange(len(scores))"),
            ("np.argsort(-scores", "np.argsort(scores"),
            ("1 - tpr[i]", "tpr[i]"),
        ),
        test="""
from sklearn.metrics import roc_curve as reference
rng = np.random.default_rng(3)
scores, same = np.round(rng.random(60), 1), rng.random(60) < 0.4
fpr, tpr, thresholds = roc_curve(scores, same)
expected = reference(same, scores, drop_intermediate=False)
for mine, theirs in zip((fpr, tpr, thresholds), expected):
    np.testing.assert_allclose(mine, theirs)
assert isinstance(fpr, np.ndarray) and fpr.dtype == np.float64
assert 0 < eer(scores, same) < 1 and eer(same.astype(float), same) == 0
""",
    ),
}
