"""A stage that is a command, and fails in the way that its option names."""

import sys
import time
from pathlib import Path

from pipeline.engine.command import main
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import Output, stage


@stage()
def bake(fault: str = "", grams: int = 500, output: Output = Path("artifacts/bake")) -> str:
    """Bake a loaf."""
    (output / "loaf.txt").write_text(str(grams))
    if fault == "slow":
        print("begun", file=sys.stderr, flush=True)
        time.sleep(60)
    if fault:
        raise {
            "usage": UsageError("too much\nflour"),
            "failure": PipelineError("no \x1b[31mfire"),
            "disk": OSError(28, "No space left on device", "loaf.txt"),
            "permissions": PermissionError(13, "Permission denied", "loaf.txt"),
            "missing folder": FileNotFoundError(2, "No such file or directory", "loaf.txt"),
            "read-only": OSError(30, "Read-only file system", "loaf.txt"),
            "memory": MemoryError(),
            "thread": RuntimeError("can't start new thread"),
            "exit": SystemExit(),
            "missing": ModuleNotFoundError("no module", name="tulip.bulbs"),
            "bug": ValueError("yeast"),
        }[fault]
    return f"a loaf of {grams} g"


if __name__ == "__main__":
    main(bake)
