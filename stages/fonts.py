"""Fetch and verify handwriting fonts for line images."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.errors import PipelineError
from pipeline.engine.progress import progress
from pipeline.engine.stage import Output, stage
from pipeline.reader_training.synthesis.font_packages import fetch_fonts, load_fonts


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return which fonts the stage writes, and the licence of each and the digest of its package."""
    table = {font.name: f"{font.licence} {font.package.sha256}" for font in load_fonts()}
    return {**given, "table": table if given["fonts"] == "all" else {}}


@stage(resolve=resolve)
def fonts(
    fonts: Annotated[
        Literal["all", "included"], Option(help="All fonts, or only those that come with the program.")
    ] = "all",
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/fonts"),
) -> str:
    """Fetch handwriting fonts from npm for line images; verify their SHA-256 hashes and record their licences.

    With --fonts included, the stage writes no file and needs no connection, because line images are then written in the
    fonts that come with the program.

    Examples:
        handwriting fonts
        handwriting fonts --fonts included
    """
    from pipeline.engine.documents import save_json

    if fonts == "included":
        return "only the fonts that come with the program: none was fetched"
    wanted = load_fonts()
    try:
        with progress("fonts", len(wanted), unit="fonts") as shown:
            fetch_fonts(wanted, output, shown.advance)
    except PipelineError as error:
        raise type(error)(f"{error}; to do without them, use --fonts included") from None
    save_json(output / "fonts.json", {font.name: font.licence for font in wanted})
    size = sum(path.stat().st_size for path in output.glob("*.woff"))
    licences = Counter(font.licence for font in wanted)
    counts = ", ".join(f"{count} under {licence}" for licence, count in licences.most_common())
    return f"{len(wanted)} fonts, {size / 1e6:.1f} MB: {counts}"


if __name__ == "__main__":
    main(fonts)
