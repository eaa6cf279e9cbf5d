"""The figures that the lecture of unit 01 cites, over several seeds: a table for RESULTS.md.

    CVCOURSE_DATA=... python benchmarks/lecture_01.py [--seeds 3] [--pooling-seeds 5]

Accuracies are those of the last epoch on MNIST's 10,000 test images; nothing is chosen by them. Spreads are standard
deviations over seeds; an interval is Student's t for the mean of the seeds' paired differences.
"""

import argparse
import platform
import time

import torch
from scipy.special import stdtrit
from torch import nn

import cvcourse
from cvcourse import data
from cvcourse.models import MLP


def lenet(pooling: type[nn.Module] = nn.MaxPool2d) -> nn.Sequential:
    """LeNet-5 with ReLU, as in the lecture."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), pooling(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), pooling(2)),
        *(nn.Conv2d(16, 120, 5), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def trained(make, epochs: int, seed: int, train, test) -> tuple[nn.Module, float, float]:
    """A network, its test accuracy, and the seconds of its training."""
    torch.manual_seed(seed)
    model = make()
    history = cvcourse.fit(
        model, train, epochs=epochs, batch_size=128, lr=3e-3, schedule="onecycle", seed=seed, report="none"
    )
    accuracy = cvcourse.evaluate(model, test)
    print(f"# {getattr(make, '__name__', make)} seed {seed}: {accuracy:.4f} in {history.seconds:.1f} s", flush=True)
    return model, accuracy, history.seconds


def row(name: str, values: list[float], seconds: list[float]) -> str:
    spread = torch.tensor(values, dtype=torch.float64)
    time_taken = sum(seconds) / len(seconds)
    return f"| {name} | {spread.mean():.4f} ± {spread.std():.4f} | {len(values)} | {time_taken:.0f} s |"


def mirrored(images: torch.Tensor, share: float, seed: int) -> torch.Tensor:
    """The images with a random share of them mirrored left to right."""
    chosen = torch.rand(len(images), generator=torch.Generator().manual_seed(seed)) < share
    return torch.where(chosen[:, None, None, None], images.flip(3), images)


def interval(differences: list[float]) -> tuple[float, float, float]:
    """The mean of the differences, and the ends of its 95 % interval."""
    values = torch.tensor(differences, dtype=torch.float64)
    half = float(stdtrit(len(values) - 1, 0.975)) * values.std().item() / len(values) ** 0.5
    return values.mean().item(), values.mean().item() - half, values.mean().item() + half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="for the perceptron and LeNet-5 (default 3)")
    parser.add_argument("--pooling-seeds", type=int, default=5, help="for average against max pooling (default 5)")
    options = parser.parse_args()
    train, test = data.digits(train=True, source="real"), data.digits(train=False, source="real")

    perceptrons = [trained(lambda: MLP(784, 128, 10), 4, seed, train, test) for seed in range(options.seeds)]
    most = max(options.seeds, options.pooling_seeds)
    maximum = [trained(lenet, 3, seed, train, test) for seed in range(most)]
    mean = [trained(lambda: lenet(nn.AvgPool2d), 3, seed, train, test) for seed in range(options.pooling_seeds)]

    print(
        f"\n{platform.machine()}, {torch.get_num_threads()} threads, {cvcourse.device()}, torch {torch.__version__}, "
    )
    print(f"{time.strftime('%Y-%m-%d')}, MNIST, Adam with OneCycle to 3e-3, batch 128\n")
    print("| what | test accuracy | seeds | training |\n|---|---|---|---|")
    print(row("perceptron 784-128-10, 4 epochs", *([run[i] for run in perceptrons] for i in (1, 2))))
    print(row("LeNet-5, max pooling, 3 epochs", *([run[i] for run in maximum[: options.seeds]] for i in (1, 2))))
    print(row("LeNet-5, max pooling, 3 epochs", *([run[i] for run in maximum] for i in (1, 2))))
    print(row("LeNet-5, average pooling, 3 epochs", *([run[i] for run in mean] for i in (1, 2))))
    for share, name in ((0.5, "a random half mirrored"), (1.0, "all mirrored")):
        runs = maximum[: options.seeds]
        scores = [
            cvcourse.evaluate(run[0], (mirrored(test.images, share, seed), test.labels))
            for seed, run in enumerate(runs)
        ]
        print(row(f"LeNet-5, test images with {name}", scores, [run[2] for run in runs]))
    differences = [a[1] - b[1] for a, b in zip(maximum, mean, strict=False)]
    middle, low, high = interval(differences)
    print(f"\nmax minus average pooling, {len(differences)} seeds: {middle:+.4f}, 95 % from {low:+.4f} to {high:+.4f}")


if __name__ == "__main__":
    main()
