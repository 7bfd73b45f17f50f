"""Write and open the lesson of the included model."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main


def demo(
    output: Annotated[Path, Option(metavar="FILE", help="HTML file of the page.")] = Path("handwriting-demo.html"),
    show: Annotated[bool, Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> str:
    """Write and open a lesson: see how the pretrained network reads what you draw, and train one yourself.

    Nothing has to be trained before. The page is a single file that works offline. `export` writes the page of a
    network that you have trained.

    Examples:
        handwriting demo
        handwriting demo --output lesson.html --no-open
    """
    from pipeline.engine.outputs import check_page, check_targets, write_file

    check_page(output)
    check_targets([output], [])
    from pipeline.html.lesson.included import render_included_lesson

    write_file(output, render_included_lesson().encode())
    if show:
        import webbrowser

        show = webbrowser.open(output.resolve().as_uri())
    return f"{output} {output.stat().st_size / 1e6:.2f} MB{'' if show else ': open it in a browser'}"


if __name__ == "__main__":
    main(demo)
