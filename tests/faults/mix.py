"""The faults of a soak trial: a few of the sandbox's faults, drawn at random."""

import random
from collections.abc import Callable

Fault = dict[str, object]


def some_faults(draw: random.Random, people: list[str]) -> tuple[list[Fault], list[Fault]]:
    """Return faults, and those of them that leave a batch unknown or short."""
    provable: list[Callable[[], Fault]] = [
        lambda: {
            "kind": "rate_limit",
            "posts": 0,
            "retry_after": draw.choice([0, 0.05, 0.2]),
            "times": draw.randint(1, 4),
        },
        lambda: {"kind": "rate_limit", "posts": 0, "times": draw.randint(1, 3)},
        lambda: {"kind": "rate_limit", "in_flight": 1, "retry_after": 0.02},
        lambda: {"kind": "rate_limit", "posts": 0, "retry_after": 1, "as_date": True, "times": 1},
        lambda: {"kind": "rate_limit", "posts": 0, "retry_after": 0.05, "status": 503, "times": 2},
        lambda: {"kind": "refuse", "numbers": draw.sample(people, 2), "only_first": draw.random() < 0.5},
        lambda: {"kind": "refuse", "numbers": draw.sample(people, 2), "loc": False},
        lambda: {"kind": "max_batch", "size": draw.randint(1, 2)},
        lambda: {"kind": "latency", "seconds": draw.uniform(0.01, 0.2), "taken": draw.random() < 0.5},
        lambda: {
            "kind": "answer",
            "status": draw.choice([401, 402, 404, 405]),
            "body": {"detail": "no"},
            "times": 1,
        },
        lambda: {"kind": "drip", "interval": 0.0002, "share": 0.5},
    ]
    ambiguous: list[Callable[[], Fault]] = [
        lambda: {"kind": "cut", "taken": draw.random() < 0.5, "reset": draw.random() < 0.5},
        lambda: {"kind": "garbage", "taken": draw.random() < 0.5},
        lambda: {"kind": "short", "missing": draw.randint(1, 3)},
        lambda: {"kind": "answer", "status": draw.choice([500, 502, 503, 504, 408, 409, 499]), "taken": draw.random() < 0.5},
        lambda: {"kind": "answer", "status": 503, "body": "<html>", "headers": {"retry-after": "0.05"}, "taken": draw.random() < 0.5},
        lambda: {"kind": "answer", "status": 200, "body": draw.choice(["", "<html>", '{"batch_id": "b'] ), "taken": draw.random() < 0.5},
        lambda: {"kind": "answer", "status": 200, "body": {"batch_id": "batch_x"}, "taken": True},
        lambda: {"kind": "hang", "times": 1, "taken": draw.random() < 0.5},
    ]  # fmt: skip
    weights = [8] * 7 + [1]
    chosen = [make() for make in draw.sample(provable, draw.randint(0, 2))]
    doubtful = [make() for make in draw.choices(ambiguous, weights, k=draw.randint(0, 2))]
    for fault in doubtful:
        fault.setdefault("times", draw.randint(1, 3))
    for fault in (*chosen, *doubtful):
        fault["skip"] = draw.randint(0, 3)
    return [*chosen, *doubtful], doubtful


def faults_of_large_batches(draw: random.Random, people: list[str]) -> tuple[list[Fault], list[Fault]]:
    """Return faults for batches above 1,000 calls, mostly faults that split them."""
    provable: list[Callable[[], Fault]] = [
        lambda: {"kind": "max_batch", "size": draw.choice([400, 650, 1000, 1299])},
        lambda: {
            "kind": "refuse",
            "numbers": draw.sample(people, draw.choice([1, 5, 600])),
            "only_first": False,
        },
        lambda: {"kind": "refuse", "numbers": draw.sample(people, 2), "loc": False},
        lambda: {
            "kind": "rate_limit",
            "posts": 0,
            "retry_after": 0.05,
            "times": 2,
            "skip": draw.randint(0, 3),
        },
        lambda: {"kind": "latency", "seconds": 0.05, "taken": draw.random() < 0.5},
    ]
    ambiguous: list[Callable[[], Fault]] = [
        lambda: {"kind": "cut", "taken": draw.random() < 0.5, "reset": draw.random() < 0.5},
        lambda: {"kind": "short", "missing": draw.randint(1, 3)},
        lambda: {"kind": "answer", "status": draw.choice([500, 303, 207]), "taken": draw.random() < 0.5},
    ]
    chosen = [make() for make in draw.sample(provable, draw.randint(1, 3))]
    doubtful = [
        make() | {"times": 1, "skip": draw.randint(0, 6)}
        for make in draw.choices(ambiguous, k=draw.randint(0, 1))
    ]
    return [*chosen, *doubtful], doubtful
