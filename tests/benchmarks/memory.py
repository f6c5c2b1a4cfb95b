"""Peak memory of a run with a short list and with a long one."""

from tests.benchmarks.results import Row
from tests.benchmarks.stage import Server, middle

LIMIT_MB = 120


def memory(stage):
    """CSV, JSON array and JSON Lines."""
    with Server() as server:
        for kind in ("e164.csv", "e164.json", "e164.jsonl"):
            few, many = stage.part(1 / 100), stage.size
            runs = {
                size: [
                    stage.batch_call(stage.list(kind, size), server, expect={"accepted": size})
                    for _ in range(repeats)
                ]
                for size, repeats in ((few, stage.long), (many, 1))
            }
            small, large = middle(runs[few], "peak"), middle(runs[many], "peak")
            suffix = kind.partition(".")[2]
            figures = {str(size): [ran.peak for ran in each] for size, each in runs.items()}
            yield Row(
                "memory",
                f"{suffix}: peak memory of {many:,} contacts against {few:,}",
                large / small,
                1.2,
                beside=f"{large:.0f} MB against {small:.0f} MB",
                runs=figures,
            )
            yield Row("memory", f"{suffix}: peak memory of {many:,} contacts", large, LIMIT_MB, unit="MB")
