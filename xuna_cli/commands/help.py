"""`xuna help`: show help topics and the help of commands."""

from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.completion import help_words
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer()

TOPICS_NAMED = 3
MISTYPED = 0.8
"""How similar a word must be to a name to be a mistyped one, from 0 to 1."""


@options_of_command
class HelpOptions:
    """The options of `xuna help`."""

    words: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=help_words, metavar="[TOPIC|COMMAND]...", help="Topic or command to explain."
        ),
    ] = None
    schema: Annotated[
        bool, typer.Option("--schema", help="With the topic json: print the JSON Schema of all documents.")
    ] = False


@app.command(
    "help",
    cls=Command,
    epilog="""
    List the topics, read one, and see the options of a command.
      xuna help
      xuna help templates
      xuna help campaigns resolve
    """,
)
@takes(HelpOptions)
def show_help(options: HelpOptions) -> ExitStatus | None:
    """Explain a topic or a command, e.g. `xuna help templates`.

    Without an argument, the topics are listed.
    """
    from xuna_cli.commands.app import COMMANDS, all_commands, app
    from xuna_cli.help import TOPICS, read_schema, read_topic
    from xuna_cli.output.manual import print_markdown, print_topics
    from xuna_cli.output.messages import emit

    words = options.words or []
    if options.schema and words != ["json"]:
        raise UsageError("--schema can only be used with the topic json", hint="run: xuna help json --schema")
    if options.schema:
        emit(read_schema())
    elif not words:
        print_topics({name: read_topic(name) for name in TOPICS})
    elif len(words) == 1 and words[0] in TOPICS:
        print_markdown(read_topic(words[0]))
    elif words[0] in COMMANDS:
        app([*words, "--help"], prog_name="xuna", standalone_mode=False)
    else:
        named = [full for full in all_commands() if full.split()[1:] == words]
        if len(named) == 1:
            app([*named[0].split(), "--help"], prog_name="xuna", standalone_mode=False)
            return None
        raise UsageError(
            f"there is no topic and no command {' '.join(words)!r}",
            hint=_suggestion(words, named),
            code="topic",
        )
    return None


def _suggestion(words: "Sequence[str]", named: "Sequence[str]") -> str:
    """Return the commands with this name, or the closest topic or command, or else the topics with these words."""
    if named:
        return f"choose one of: {', '.join(f'xuna help {full}' for full in named)}"
    from difflib import get_close_matches

    from xuna_cli.commands.app import COMMANDS
    from xuna_cli.help import TOPICS

    if near := get_close_matches(words[0], [*TOPICS, *COMMANDS], n=1, cutoff=MISTYPED):
        return f"did you mean `xuna help {near[0]}`?"
    if topics := _topics_with(" ".join(words)):
        return f"topics with this word: {', '.join(f'xuna help {topic}' for topic in topics)}"
    return "see all topics: xuna help"


def _topics_with(words: str) -> list[str]:
    """Return the topics in which some words are most often, at the beginning of a word; hyphens don't matter."""
    import re
    from collections import Counter

    from xuna_cli.help import TOPICS, read_topic

    pattern = re.compile(rf"\b{re.escape(words.replace('-', ' '))}", re.IGNORECASE)
    found = Counter({topic: len(pattern.findall(read_topic(topic).replace("-", " "))) for topic in TOPICS})
    return [topic for topic, times in found.most_common(TOPICS_NAMED) if times]
