"""Commands below a command: ``python -m hsm office …``, ``python -m hsm policy …``."""

import argparse
from collections.abc import Callable
from typing import Any

# (name, what runs it or None, summary) -> the parser to add arguments to.
AddCommand = Callable[[str, Any, str], argparse.ArgumentParser]


def subcommand(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Any], summary: str
) -> argparse.ArgumentParser:
    """``commands``: what ``add_subparsers`` gave; ``summary``: Vietnamese / English."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    added.set_defaults(run=run, parser=added)
    # Whether it stands before or after the command's name.
    added.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="một dòng / one line")
    return added
