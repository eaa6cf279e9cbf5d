"""A short training loop for classifiers, and the accuracy of one: `fit` and `evaluate`."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from cvcourse.errors import TrainingError
from cvcourse.session import budget, device

# What `fit` and `evaluate` learn from: a data set, or its images and labels as two tensors.
Data = Dataset | tuple[Tensor, Tensor]


@dataclass
class History:
    """What a training run was.

    Attributes:
        losses: the loss of each step, measured before its update.
        learning_rates: the learning rate of each step.
        train_accuracy: an epoch's share of right answers in [0, 1], counted on its batches as they were trained on.
        valid_accuracy: the share of right answers on the validation set after each epoch; empty without one.
        seconds: how long the run took, evaluation included.
    """

    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    valid_accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        epochs = len(self.train_accuracy)
        text = f"{epochs} epoch{'s' if epochs != 1 else ''}, {len(self.losses)} steps, {self.seconds:.1f} s"
        if self.train_accuracy:
            text += f": loss {self.losses[-1]:.3f}, training accuracy {self.train_accuracy[-1]:.2%}"
        if self.valid_accuracy:
            text += f", validation accuracy {self.valid_accuracy[-1]:.2%}"
        return text


def fit(
    model: nn.Module,
    train: Data,
    valid: Data | None = None,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float = 1e-3,
    schedule: str = "constant",
    optimizer: torch.optim.Optimizer | None = None,
    loss_function: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    seed: int = 0,
    report: str = "curve",
    name: str = "",
) -> History:
    """Train a classifier in place and return what happened.

    Args:
        model: maps images (N, C, H, W) to logits (N, classes); it is moved to `cvcourse.device()`.
        train: a data set of (image, label), or a pair of tensors: images (N, ...), labels (N,).
        valid: the same, looked at after each epoch.
        epochs: how often to go through `train`.
        batch_size: images a step.
        lr: the learning rate; with `schedule="onecycle"` its greatest value.
        schedule: "constant", or "onecycle" (rise and fall in one run; Smith and Topin, 2018).
        optimizer: default `torch.optim.Adam(model.parameters(), lr)`.
        loss_function: of logits and labels; default cross-entropy.
        seed: fixes the order of the images; weights are drawn when a model is made, not here.
        report: "curve" shows a progress bar and a live curve, "line" prints one line at the end, "none" is silent.
        name: stands before the printed line.

    Raises:
        TrainingError: the loss is no longer a finite number.
        ValueError: an argument is out of range.
    """
    _check(epochs=epochs, batch_size=batch_size, lr=lr, schedule=schedule, report=report)
    model.to(device())
    batches = Batches(train, batch_size, shuffle_seed=seed)
    held_out = None if valid is None else Batches(valid, 1024)
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr)
    schedule = _schedule(schedule, optimizer, lr, epochs * len(batches))
    history, start = History(), time.perf_counter()

    with _reporter(report, name, epochs * len(batches), history) as step_done:
        for epoch in range(epochs):
            model.train()
            right = torch.zeros((), device=device())
            for images, labels in batches:
                logits = model(images)
                loss = loss_function(logits, labels)
                history.losses.append(loss.item())
                history.learning_rates.append(optimizer.param_groups[0]["lr"])
                _stop_unless_finite(history, epoch, epochs)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                right += (logits.argmax(1) == labels).sum()
                step_done()
            history.train_accuracy.append(right.item() / batches.images)
            if held_out is not None:
                history.valid_accuracy.append(_accuracy(model, held_out))
            history.seconds = time.perf_counter() - start
    return history


def evaluate(model: nn.Module, data: Data, batch_size: int = 1024) -> float:
    """The share of right answers in [0, 1]; the model is left in the mode in which it was."""
    model.to(device())
    return _accuracy(model, Batches(data, batch_size))


def in_memory(data: Data) -> tuple[Tensor, Tensor] | None:
    """Images and labels as two tensors where the data set holds them so, else None."""
    if isinstance(data, tuple):
        return data
    if isinstance(data, TensorDataset) and len(data.tensors) == 2:
        return data.tensors
    if isinstance(data, Subset):
        whole = in_memory(data.dataset)
        return None if whole is None else tuple(tensor[torch.as_tensor(data.indices)] for tensor in whole)
    if getattr(data, "transform", None) is not None:
        return None  # its items are not its images
    images, labels = getattr(data, "images", None), getattr(data, "labels", None)
    if isinstance(images, Tensor) and isinstance(labels, Tensor) and images.is_floating_point():
        return images, labels
    return None


class Batches:
    """Goes through a data set in batches on the device, shuffled anew each time where there is a seed.

    Data that lie in memory are moved to the device once and indexed there; that is many times faster than a
    `DataLoader`, which takes the rest.
    """

    def __init__(self, data: Data, batch_size: int, shuffle_seed: int | None = None) -> None:
        self.batch_size = batch_size
        self.generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
        tensors = in_memory(data)
        self.tensors = None if tensors is None else tuple(tensor.to(device()) for tensor in tensors)
        self.images = len(data) if self.tensors is None else len(self.tensors[0])
        if self.images == 0:
            raise ValueError("the data set is empty")
        shuffle = self.generator is not None
        self.loader = (
            DataLoader(data, batch_size, shuffle=shuffle, generator=self.generator) if tensors is None else None
        )

    def __len__(self) -> int:
        return math.ceil(self.images / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if self.loader is not None:
            yield from ((images.to(device()), labels.to(device())) for images, labels in self.loader)
            return
        order = torch.arange(self.images) if self.generator is None else self._shuffled()
        for chosen in order.to(device()).split(self.batch_size):
            yield tuple(tensor[chosen] for tensor in self.tensors)

    def _shuffled(self) -> Tensor:
        return torch.randperm(self.images, generator=self.generator)


@torch.inference_mode()
def _accuracy(model: nn.Module, batches: Batches) -> float:
    was_training = model.training
    model.eval()
    right = sum((model(images).argmax(1) == labels).sum() for images, labels in batches)
    model.train(was_training)
    return right.item() / batches.images


def _check(*, epochs: int, batch_size: int, lr: float, schedule: str, report: str) -> None:
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size are at least 1, not {epochs} and {batch_size}")
    if not lr >= 0:
        raise ValueError(f"lr is 0 or larger, not {lr}")
    if schedule not in ("constant", "onecycle"):
        raise ValueError(f"schedule is 'constant' or 'onecycle', not {schedule!r}")
    if report not in ("curve", "line", "none"):
        raise ValueError(f"report is 'curve', 'line' or 'none', not {report!r}")


def _schedule(name: str, optimizer: torch.optim.Optimizer, lr: float, steps: int):
    if name == "onecycle" and steps > 1:
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=steps)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)


def _stop_unless_finite(history: History, epoch: int, epochs: int) -> None:
    loss = history.losses[-1]
    if math.isfinite(loss):
        return
    step, rate = len(history.losses), history.learning_rates[-1]
    raise TrainingError(
        f"the loss is {loss} at epoch {epoch + 1} of {epochs}, step {step}, learning rate {rate:.2g}: try a learning "
        f"rate ten times smaller, and check that the images are finite and scaled to [0, 1] and that the loss takes "
        f"logits, not probabilities"
    )


@contextmanager
def _reporter(report: str, name: str, steps: int, history: History):
    """Yields what `fit` calls after each step; on leaving, one line says how the run ended."""
    from cvcourse import plotting

    if report == "curve" and budget() != "smoke" and plotting.in_notebook():
        from cvcourse.progress import LiveCurve

        live = LiveCurve(name, steps, history)
        try:
            yield live.step
        finally:
            live.close()
        return
    if report == "curve" and budget() != "smoke":
        from tqdm import tqdm

        with tqdm(total=steps, desc=name or "training", leave=False, disable=None) as bar:
            yield bar.update
    else:
        yield lambda: None
    if report != "none":
        print(f"{name}: {history}" if name else history)
