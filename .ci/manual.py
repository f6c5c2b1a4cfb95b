"""Write the generated parts of the manual: variables in the topic `environment`, topics in README, the man page.

    .ci/run manual

The tests compare the files with the output of this script.
"""

import re
from pathlib import Path

from man_page import man_page

from xuna_cli import __version__
from xuna_cli.commands.app import all_commands, app
from xuna_cli.help import TOPICS, read_topic, summary
from xuna_cli.output.manual import plain

ROOT = Path(__file__).parent.parent
HELP = ROOT / "xuna_cli/help"
README = ROOT / "README.md"
GENERATED = re.compile(r"(<!-- (options|topics) -->\n).*?(?=<!-- end of \2 -->)", re.DOTALL)

SAME = r"\\\g<0>"  # escapes the characters that Markdown would interpret


def environment() -> str:
    """Return the topic `environment` with the declared options."""
    variables: dict[str, str] = {}
    for command in all_commands().values():
        for option in command.params:
            if option.envvar:
                name = next(name for name in option.opts if name.startswith("--"))
                variables.setdefault(option.envvar, f"`{name}`: {re.sub('[|&]', SAME, option.help)}")
    rows = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in sorted(variables.items()))
    return GENERATED.sub(
        lambda found: f"{found[1]}| variable | option |\n|---|---|\n{rows}", read_topic("environment")
    )


def readme() -> str:
    """Return README with its table of topics."""
    rows = "".join(
        f"| [{name}](xuna_cli/help/{name}.md) | {summary(read_topic(name))} |\n" for name in TOPICS
    )
    return GENERATED.sub(
        lambda found: f"{found[1]}| topic | |\n|---|---|\n{rows}", README.read_text(encoding="utf-8")
    )


def generated() -> dict[Path, str]:
    """Return every generated file with its text."""
    texts = [environment() if name == "environment" else read_topic(name) for name in TOPICS]
    return {
        README: readme(),
        HELP / "environment.md": environment(),
        HELP / "xuna.1": man_page(__version__, str(app.info.help), all_commands().items(), map(plain, texts)),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
