"""The `handwriting` program."""

import sys
from typing import NoReturn

from stages.classify import classify
from stages.cli.console import Command, run_program
from stages.cli.order import READER_STAGES, STAGES
from stages.predict import predict
from stages.prune import prune
from stages.runs import runs
from stages.status import status

COMMANDS: dict[str, tuple[Command, ...]] = {
    "Predictions": (classify, predict),
    "Pipeline stages, in order": STAGES,
    "Stages that train the reader of pictures": READER_STAGES,
    "Results and experiments": (status, prune, runs),
}


def main() -> NoReturn:
    """Run the console script."""
    run_program(COMMANDS, sys.argv[1:])


if __name__ == "__main__":
    main()
