"""How fast the rendered data sets are and how hard their pictures: tables for RESULTS.md.

    python benchmarks/data.py [speed] [scenes] [micrographs] [faces] [--seeds 3] [--device cuda]

Speeds are on one thread; the ratio beside each is to an operation of a well-kept library on pictures of the same size,
run in the same minute. The other figures are means and standard deviations over seeds, on one thread; nothing is chosen
by them but the filters' parameters, which are those that suit the truth best.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import numpy as np
import torch
from baselines import denoising, detection, recognition, segmentation
from torchvision.io import decode_png, encode_png

from cvcourse.data.faces import Faces
from cvcourse.data.microscopy import Micrographs
from cvcourse.data.rendered import Rendered
from cvcourse.data.scenes import Scenes

PARTS = ("speed", "scenes", "micrographs", "faces")
# Name, how to make the data set, how many pictures the aim is about, and the aim in seconds.
SPEEDS = (
    ("scenes 128 x 128", lambda device: Scenes(10_000, size=128, device=device), 10_000, 20.0),
    ("scenes 64 x 64", lambda device: Scenes(10_000, size=64, device=device), 10_000, 8.0),
    ("micrographs 128 x 128", lambda device: Micrographs(10_000, device=device), 1000, 5.0),
    ("faces 64 x 64", lambda device: Faces(1000, 10, device=device), 1000, 1.0),
)


def once(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall time and of CPU time that the work takes."""
    start, used = time.perf_counter(), time.process_time()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start, time.process_time() - used


def seconds_each(data: Rendered, pictures: int, repeats: int) -> tuple[float, float]:
    """Median wall and CPU seconds a picture, over batches of `pictures`."""
    data.batch(range(pictures))
    times = [once(lambda i=i: data.batch(range(i * pictures, (i + 1) * pictures))) for i in range(repeats)]
    wall, cpu = np.median(times, axis=0) / pictures
    return float(wall), float(cpu)


def png_seconds(data: Rendered, pictures: int = 64) -> float:
    """Median CPU seconds for torchvision to decode the first pictures of a data set from PNG, each."""
    images = data.batch(range(pictures)).images.cpu()
    if images.is_floating_point():
        images = (images.clamp(0, 1) * 255).to(torch.uint8)
    files = [encode_png(image) for image in images]
    times = [once(lambda: [decode_png(file) for file in files]) for _ in range(7)]
    return float(np.median(times, axis=0)[1]) / pictures


def speed(device: str, repeats: int = 9) -> None:
    """One thread, then two processes for the aim that names two cores."""
    print(
        "\n| data set | ms a picture (CPU ms) | the aim's number takes | aim | CPU time by that of a PNG's decoding |"
    )
    print("|---|---|---|---|---|")
    for name, make, number, aim in SPEEDS:
        data = make(device)
        pictures = 128 if device == "cpu" else 1024
        if device != "cpu":
            data.chunk = 1024
        wall, cpu = seconds_each(data, pictures, min(repeats, len(data) // pictures))
        total, ratio = wall * number, cpu / png_seconds(data)
        figures = f"{wall * 1e3:.2f} ({cpu * 1e3:.2f}) | {number} in {total:.1f} s | {aim:g} s | {ratio:.1f}"
        print(f"| {name} | {figures} |", flush=True)
    if device == "cpu":
        two_processes()


def two_processes() -> None:
    """10,000 scenes in two processes."""
    print("\n| data set | two processes | aim |\n|---|---|---|")
    with ProcessPoolExecutor(
        2, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        for size, aim in ((128, 20), (64, 8)):
            list(pool.map(_render, [(size, 0, 64), (size, 64, 128)]))
            start = time.perf_counter()
            list(pool.map(_render, [(size, 0, 5000), (size, 5000, 10_000)]))
            print(f"| 10,000 scenes {size} x {size} | {time.perf_counter() - start:.1f} s | {aim} s |", flush=True)


def _render(job: tuple[int, int, int]) -> int:
    size, first, last = job
    data = Scenes(10_000, size=size)
    return sum(len(data.batch(range(i, min(i + 500, last)))) for i in range(first, last, 500))


def over_seeds(title: str, run: Callable[[int], dict[str, float]], seeds: int, form: str) -> None:
    """A table of what `run` measures, mean and standard deviation over seeds."""
    results = []
    for seed in range(seeds):
        results.append(run(seed))
        print(f"# {title}, seed {seed}: " + ", ".join(f"{k} {v:.4g}" for k, v in results[-1].items()), flush=True)
    print(f"\n| {title} | mean ± standard deviation | seeds |\n|---|---|---|")
    for name in results[0]:
        values = np.array([result[name] for result in results], dtype=float)
        shape = form if name not in ("steps", "parameters", "CPU seconds") else "{:,.0f}"
        spread = f" ± {shape.format(values.std(ddof=1))}" if seeds > 1 and values.std() > 0 else ""
        print(f"| {name} | {shape.format(values.mean())}{spread} | {seeds} |")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"which to run, of {', '.join(PARTS)}; default all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu", help="for the speeds")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {sorted(unknown)[0]!r}; there are: {', '.join(PARTS)}")
    parts = options.parts or PARTS
    torch.set_num_threads(1)
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    print(f"# {date.today()}, {platform.machine()}, {load}, torch {torch.__version__}, one thread")
    if "speed" in parts:
        speed(options.device)
    if "scenes" in parts:
        over_seeds("detector, scenes 64 x 64, 60 CPU s", detection.run, options.seeds, "{:.3f}")
        over_seeds("U-Net, scenes 64 x 64, 300 steps", segmentation.run, options.seeds, "{:.3f}")
    if "micrographs" in parts:
        over_seeds("micrographs 128 x 128, dB", denoising.run, options.seeds, "{:.2f}")
    if "faces" in parts:
        over_seeds("faces 64 x 64, equal error rate", recognition.run, options.seeds, "{:.3f}")


if __name__ == "__main__":
    main()
