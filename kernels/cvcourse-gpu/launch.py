"""Starts an ordinary Python kernel, but only where torch finds a CUDA device: no test on it can pass on a CPU."""

import sys

import torch

if not torch.cuda.is_available():
    sys.exit("cvcourse-gpu: torch finds no CUDA device here: use the kernel python3, or mend the driver (nvidia-smi)")

# A script's own folder stands first on sys.path; a notebook expects the working folder there.
sys.path[0] = ""

from ipykernel import kernelapp  # noqa: E402

kernelapp.launch_new_instance()
