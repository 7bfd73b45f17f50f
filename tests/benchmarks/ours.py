"""Read pictures for `comparison` with a model of this project: `python -m tests.benchmarks.ours [MODEL]`."""

import sys
from pathlib import Path

from pipeline.reader import PRETRAINED, PictureError, PipelineError, load
from tests.benchmarks.lines import answer


def main(model: Path) -> None:
    reader = load(model)

    def read(path: Path) -> tuple[str, float]:
        try:
            result = reader.read(path, threads=1)
        except PictureError as error:
            print(error, file=sys.stderr)
            return "", 0.0
        return "".join(result.text.split()), result.confidence

    answer("ours", read)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if sys.argv[1:] else PRETRAINED)
    except PipelineError as error:
        sys.exit(str(error))
