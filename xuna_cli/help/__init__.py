"""The manual: one Markdown file for each topic. `xuna help` shows them, and the man page is made from them."""

from importlib import resources

TOPICS = (
    *("lists", "columns", "templates", "campaign-file", "review", "calling-hours", "do-not-call", "outcomes"),
    *(
        "attempts",
        "canary",
        "sandbox",
        "exit-codes",
        "environment",
        "json",
        "automation",
        "cron",
        "log",
        "ci",
    ),
    *("containers", "postgres", "crash", "speed", "glossary"),
)
"""Names of the topics, in the order in which a new user needs them."""


def read_topic(name: str) -> str:
    """Return a topic as Markdown."""
    return _read(f"{name}.md")


def read_schema() -> str:
    """Return the JSON Schema of all documents that commands print."""
    return _read("result.schema.json")


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def summary(topic: str) -> str:
    """Return the summary of a topic: the paragraph below its title."""
    return topic.split("\n\n", 2)[1].replace("\n", " ")
