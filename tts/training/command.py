"""The command line of the trainings."""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

import torch


def command(about: str | None, *, threads: int = 1) -> ArgumentParser:
    """The command line that every training has; what is its own is added to it."""
    parser = ArgumentParser(description=about)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=threads)
    return parser


def begun(parser: ArgumentParser) -> Namespace:
    """What was asked for; from now on progress is told, on so many threads."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    return options


def by_steps(about: str | None, train: Callable[[int, int, Path], object]) -> None:
    """Read the command line of a training that is told its steps, and run it: called with seed, steps
    and the folder of its work."""
    parser = with_work(command(about))
    parser.add_argument("--steps", type=int, required=True)
    options = begun(parser)
    options.work.mkdir(parents=True, exist_ok=True)
    train(options.seed, options.steps, options.work)


def with_work(parser: ArgumentParser, about: str = "for checkpoints") -> ArgumentParser:
    """The same with a folder for what a training leaves and goes on from."""
    parser.add_argument("--work", type=Path, default=Path("out/training"), help=about)
    return parser
