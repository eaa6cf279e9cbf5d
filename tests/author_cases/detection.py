"""Unit 03: boxes, suppression, anchors, targets, losses of several terms, detections as dicts and dataclasses."""

# ruff: noqa: E501  (answers and tests stand as in a notebook)

from tests.author_cases import Case

BOXES = """
def corners(rng, count):
    start, size = torch.rand(count, 2, generator=rng) * 50, 5 + torch.rand(count, 2, generator=rng) * 20
    return torch.cat([start, start + size], 1)
"""

CASES = {
    "intersection over union": Case(
        given=BOXES,
        right="""
def box_iou(a, b):
    low, high = torch.maximum(a[:, None, :2], b[:, :2]), torch.minimum(a[:, None, 2:], b[:, 2:])
    common = (high - low).clamp(min=0).prod(-1)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(-1), (b[:, 2:] - b[:, :2]).prod(-1)
    union = area_a[:, None] + area_b - common
    return torch.where(union > 0, common / union, torch.zeros_like(union))
""",
        mistakes=(
            (".clamp(min=0)", ""),
            ("area_a[:, None] + area_b - common", "area_a[:, None] + area_b"),
            ("a[:, None, :2]", "a[:, None, :2] + 1"),
        ),
        test="""
import torchvision
rng = torch.Generator().manual_seed(4)
a, b = corners(rng, 6), corners(rng, 4)
torch.testing.assert_close(box_iou(a, b), torchvision.ops.box_iou(a, b))
assert torch.equal(box_iou(a, b).T, box_iou(b, a))
assert box_iou(a[:0], b).shape == (0, 4)
assert box_iou(torch.zeros(1, 4), torch.zeros(1, 4)).item() == 0
""",
    ),
    "suppression of overlapping boxes": Case(
        given=BOXES,
        right="""
def nms(boxes, scores, threshold):
    import torchvision
    order, kept = scores.argsort(descending=True, stable=True).tolist(), []
    while order:
        best = order.pop(0)
        kept.append(best)
        overlap = torchvision.ops.box_iou(boxes[[best]], boxes)[0]
        order = [i for i in order if overlap[i] <= threshold]
    return torch.tensor(kept, dtype=torch.long)

def batched_nms(boxes, scores, labels, threshold):
    keep = torch.cat([torch.where(labels == k)[0][nms(boxes[labels == k], scores[labels == k], threshold)] for k in labels.unique()])
    return keep[scores[keep].argsort(descending=True)]
""",
        mistakes=(
            ("<= threshold", "< threshold"),
            ("descending=True, stable=True", "stable=True"),
            ("for k in labels.unique()", "for k in labels.unique()[:1]"),
        ),
        test="""
import torchvision
boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 11, 11], [0, 0, 10, 5], [20, 20, 30, 30]], dtype=torch.float32)
scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
assert nms(boxes, scores, 0.5).tolist() == [0, 2, 3]
assert nms(boxes, scores, 0.49).tolist() == [0, 3]
rng = torch.Generator().manual_seed(4)
boxes, scores, labels = corners(rng, 40), torch.rand(40, generator=rng), torch.randint(0, 3, (40,), generator=rng)
assert torch.equal(batched_nms(boxes, scores, labels, 0.3), torchvision.ops.batched_nms(boxes, scores, labels, 0.3))
""",
    ),
    "mean average precision of lists of dicts": Case(
        given=BOXES,
        right="""
def mean_average_precision(predictions, targets, iou_threshold=0.5):
    import torchvision
    hits, total = [], 0
    for prediction, target in zip(predictions, targets):
        total += len(target["labels"])
        iou, free = torchvision.ops.box_iou(prediction["boxes"], target["boxes"]), torch.ones(len(target["labels"]), dtype=torch.bool)
        for i in prediction["scores"].argsort(descending=True):
            best = (iou[i] * free).argmax() if len(free) else 0
            found = bool(len(free)) and bool(iou[i][best] >= iou_threshold) and bool(free[best])
            if found:
                free[best] = False
            hits.append((prediction["scores"][i].item(), found))
    hits = [found for _, found in sorted(hits, reverse=True)]
    tp = torch.tensor(hits).cumsum(0)
    precision = tp / torch.arange(1, len(hits) + 1)
    return {"map": (precision * torch.tensor(hits)).sum().item() / max(total, 1), "hits": hits}
""",
        mistakes=(
            ("                free[best] = False\n", "                pass\n"),
            ("/ max(total, 1)", "/ max(len(hits), 1)"),
            ("reverse=True", "reverse=False"),
        ),
        test="""
boxes = torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30]])
targets = [{"boxes": boxes, "labels": torch.ones(2, dtype=torch.long)}, {"boxes": boxes[:0], "labels": torch.ones(0, dtype=torch.long)}]
predictions = [
    {"boxes": torch.cat([boxes[:1], boxes[:1], boxes[1:]]), "scores": torch.tensor([0.9, 0.8, 0.7])},
    {"boxes": boxes[:1], "scores": torch.tensor([0.1])},
]
before = copy.deepcopy(predictions)
result = mean_average_precision(predictions, targets)
assert result["hits"] == [True, False, True, False]
assert result["map"] == pytest.approx((1 + 2 / 3) / 2)
assert isinstance(result, dict) and set(result) == {"map", "hits"}
assert all(torch.equal(a[k], b[k]) for a, b in zip(before, predictions) for k in a)
""",
    ),
    "anchors, encoded and decoded": Case(
        given=BOXES,
        right='''
def make_anchors(size, stride, scales):
    """All anchors of a grid, one scale after the other."""
    for scale in scales:
        for y in range(size[0]):
            for x in range(size[1]):
                cy, cx = (y + 0.5) * stride, (x + 0.5) * stride
                yield torch.tensor([cx - scale / 2, cy - scale / 2, cx + scale / 2, cy + scale / 2])

def encode(boxes, anchors):
    size, anchor = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = ((boxes[:, 2:] + boxes[:, :2]) - (anchors[:, 2:] + anchors[:, :2])) / 2
    return torch.cat([shift / anchor, torch.log(size / anchor)], 1)

def decode(deltas, anchors):
    anchor = anchors[:, 2:] - anchors[:, :2]
    centre, size = (anchors[:, 2:] + anchors[:, :2]) / 2 + deltas[:, :2] * anchor, torch.exp(deltas[:, 2:].clamp(max=4)) * anchor
    return torch.cat([centre - size / 2, centre + size / 2], 1)
''',
        mistakes=(
            ("(y + 0.5)", "y"),
            ("torch.log(size / anchor)", "size / anchor - 1"),
            (".clamp(max=4)", ""),
            ("for y in range(size[0])", "for y in range(size[1])"),
        ),
        test="""
anchors = torch.stack(list(make_anchors((2, 3), 16, (8, 32))))
assert anchors.shape == (12, 4)
torch.testing.assert_close((anchors[:3, :2] + anchors[:3, 2:]) / 2, torch.tensor([[8.0, 8], [24, 8], [40, 8]]))
boxes = corners(torch.Generator().manual_seed(1), 12)
deltas = encode(boxes, anchors)
torch.testing.assert_close(decode(deltas, anchors), boxes, atol=1e-4, rtol=1e-4)
torch.testing.assert_close(encode(torch.tensor([[0.0, 0, 20, 20]]), torch.tensor([[0.0, 0, 10, 10]])), torch.tensor([[0.5, 0.5, math.log(2), math.log(2)]]))
assert torch.isfinite(decode(torch.tensor([[0.0, 0, 500, 500]]), anchors[:1])).all()
deltas = torch.zeros(12, 4, dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(decode, (deltas, anchors.double()))
""",
    ),
    "detections as a dataclass with methods": Case(
        right="""
from dataclasses import dataclass, field

@dataclass
class Detections:
    boxes: Tensor
    scores: Tensor
    names: list = field(default_factory=list)
    def __post_init__(self):
        if len(self.boxes) != len(self.scores):
            raise ValueError(f"{len(self.boxes)} boxes, {len(self.scores)} scores")
    def above(self, threshold):
        keep = self.scores >= threshold
        return Detections(self.boxes[keep], self.scores[keep])
    @property
    def best(self):
        return int(self.scores.argmax())
    def __len__(self):
        return len(self.boxes)
    def __getitem__(self, i):
        return self.boxes[i], self.scores[i].item()
    def __iter__(self):
        return (self[i] for i in range(len(self)))
""",
        mistakes=(
            (">= threshold", "> threshold"),
            ("argmax", "argmin"),
            ("boxes, {len", "x, {len"),
            ("return (self[i] for", "return (self[-i] for"),
        ),
        test="""
found = Detections(torch.arange(12.0).view(3, 4), torch.tensor([0.5, 0.9, 0.25]))
assert found.best == 1
kept = found.above(0.5)
assert kept.scores.tolist() == [0.5, pytest.approx(0.9)]
assert torch.equal(kept.boxes, torch.arange(8.0).view(2, 4))
assert isinstance(kept, Detections)
assert torch.equal(found[2][0], torch.arange(8.0, 12))
assert [score for _, score in found] == pytest.approx([0.5, 0.9, 0.25])
assert len(list(found)) == 3
with pytest.raises(ValueError, match="3 boxes, 2 scores"):
    Detections(torch.zeros(3, 4), torch.zeros(2))
""",
    ),
    "a loss of several terms": Case(
        right="""
def yolo_loss(pred, target, mask, coord=5.0, noobj=0.5):
    box = ((pred[..., :2] - target[..., :2]) ** 2).sum(-1)
    conf = (pred[..., 4] - target[..., 4]) ** 2
    terms = {"box": coord * (box * mask).sum(), "obj": (conf * mask).sum(), "noobj": noobj * (conf * ~mask).sum()}
    return sum(terms.values()), terms
""",
        mistakes=(
            ("* ~mask", ""),
            ("coord * (box * mask)", "coord * box"),
            ("noobj=0.5", "noobj=0.4"),
            ("sum(terms.values())", "sum(terms.values()).detach()"),
        ),
        test="""
rng = torch.Generator().manual_seed(8)
pred = torch.rand(2, 3, 3, 5, generator=rng, dtype=torch.float64).requires_grad_()
target = torch.rand(2, 3, 3, 5, generator=rng, dtype=torch.float64)
mask = torch.rand(2, 3, 3, generator=rng) < 0.4
loss, terms = yolo_loss(pred, target, mask)
conf = (pred[..., 4] - target[..., 4]) ** 2
torch.testing.assert_close(terms["noobj"], 0.5 * conf[~mask].sum())
torch.testing.assert_close(loss, sum(terms.values()))
loss.backward(retain_graph=True)
assert (pred.grad[..., :2][~mask] == 0).all() and (pred.grad[..., :2][mask] != 0).all()
pred.grad = None
terms["obj"].backward()
assert (pred.grad[..., 4][mask] != 0).all() and pred.grad[..., :4].abs().sum() == 0
small = torch.rand(1, 2, 2, 5, dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(lambda p: yolo_loss(p, target[:1, :2, :2], mask[:1, :2, :2])[0], small)
""",
    ),
}
