"""What the pre-warmed process does once, so that no kernel cloned from it has to: first calls, tables, embedded data.

It starts no thread and computes no gradient (torch refuses autograd in a child of a process that used it). What it
leaves behind are caches alone; the data functions hand out copies of theirs. Every kernel draws new random seeds.
"""

import torch
import torch.nn.functional as F
from torch import nn

from cvcourse import checks, data, guard


def warm_up() -> None:
    """Called in the pre-warmed process after its imports, see `isolation.zygote.DEFAULT_PRELOAD`."""
    _read_data()
    with torch.no_grad():
        _make_refusals()
        _run_operators()


def _read_data() -> None:
    data.digits(source="embedded")
    data.photographs()
    data.photographs(grey=True, size=8)


def _make_refusals() -> None:
    """The tables of what each exercise refuses; they are made when first asked for."""
    for refusals in ([guard.CONVOLUTIONS], [guard.AUTOGRAD], [guard.CONVOLUTIONS, guard.AUTOGRAD]):
        with guard.forbid(*refusals), guard.count_operators():
            torch.zeros(2, 2).add(1).sum()


def _run_operators() -> None:
    """What most tests call: a library prepares itself at the first call of many a function."""
    for device in ("cpu", "meta"):
        with torch.device(device):
            image = torch.zeros(2, 3, 8, 8)
            features = F.max_pool2d(nn.Conv2d(3, 4, 3, padding=1)(image).relu(), 2)
            scores = nn.Linear(64, 10)(features.flatten(1))
            nn.CrossEntropyLoss()(scores, torch.zeros(2, dtype=torch.int64))
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(72, 10))
    model(torch.zeros(2, 1, 8, 8))
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for optimizer in (torch.optim.Adam(model.parameters()), torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)):
        optimizer.step()
        optimizer.zero_grad()
    torch.einsum("ij,jk->ik", torch.zeros(2, 2), torch.zeros(2, 2))
    checks.check_close(torch.zeros(2, 2), torch.zeros(2, 2))
    repr(torch.rand(2, 2))
