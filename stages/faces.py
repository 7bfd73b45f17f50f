"""Fetch and verify handwriting fonts for strips."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.errors import PipelineError
from pipeline.engine.stage import Output, stage
from pipeline.reader.composition.font_packages import fetch_faces, load_faces
from pipeline.scheduling.progress import progress


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return which fonts the stage writes, and the licence of each and the digest of its package."""
    table = {face.name: f"{face.licence} {face.package.sha256}" for face in load_faces()}
    return {**given, "table": table if given["faces"] == "all" else {}}


@stage(packages=(), resolve=resolve)
def faces(
    faces: Annotated[
        Literal["all", "included"], Option(help="All fonts, or only those that come with the program.")
    ] = "all",
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/faces"),
) -> str:
    """Fetch handwriting fonts from npm for strips; verify their SHA-256 hashes and record their licences.

    With --faces included, the stage writes no file and needs no connection, because strips are then written in the
    fonts that come with the program.

    Examples:
        handwriting faces
        handwriting faces --faces included
    """
    from pipeline.engine.documents import save_json

    if faces == "included":
        return "only the fonts that come with the program: none was fetched"
    wanted = load_faces()
    try:
        with progress("faces", len(wanted), unit="fonts") as shown:
            fetch_faces(wanted, output, shown.advance)
    except PipelineError as error:
        raise type(error)(
            f"{error}. To do without them, run make strips FACES=included, which uses the fonts of the program"
        ) from None
    save_json(output / "faces.json", {face.name: face.licence for face in wanted})
    size = sum(path.stat().st_size for path in output.glob("*.woff"))
    licences = Counter(face.licence for face in wanted)
    counts = ", ".join(f"{count} under {licence}" for licence, count in licences.most_common())
    return f"{len(wanted)} fonts, {size / 1e6:.1f} MB: {counts}"


if __name__ == "__main__":
    main(faces)
