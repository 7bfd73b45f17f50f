"""The `handwriting` program: every stage command under one name."""

import sys

from stages.classify import classify
from stages.console import run
from stages.download import download
from stages.evaluate import evaluate
from stages.export import export
from stages.normalize import normalize
from stages.parse import parse
from stages.train import train

COMMANDS = (download, parse, normalize, train, evaluate, export, classify)


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(COMMANDS, sys.argv[1:]))


if __name__ == "__main__":
    main()
