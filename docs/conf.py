"""The site, made by Sphinx from the Markdown files that GitHub shows: `make docs`.

docs/README.md is its table of contents: a page that it does not list is an error, and so is a link that leads nowhere.
Links to code lead to pages of the site that show the files.
"""

import re
import shutil
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.nodes import SkipNode
from docutils.utils.math import latex2mathml
from numpy.typing import ArrayLike
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx.util.typing import stringify_annotation

from docs.commands import describe_commands
from pipeline.html.lesson.included import render_included_lesson

ROOT = Path(__file__).parent.parent

project = "Handwriting recognition"
html_title = "Handwriting recognition from scratch"
html_theme = "furo"
html_copy_source = html_show_sphinx = False
html_search_scorer = str(ROOT / "docs/scorer.js")
html_math_renderer = "mathml"
root_doc = "README"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = ["artifacts", "pictures", "pipeline", "stages", "tests", "**/.*"]
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_url_schemes = {"https": None, "source": "{{path}}"}
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
suppress_warnings = ["misc.highlighting_failure"]  # of a shell command in several lines
default_role = "literal"  # of single backticks in docstrings
pygments_style, pygments_dark_style = "default", "github-dark"

COMMANDS = "<!-- commands -->"  # in a page, where all commands are described
ARRAY_LIKE = stringify_annotation(ArrayLike, "smart")
HEADING = re.compile(r"^##+ (.*)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)\s#]+)(#[^)\s]+)?\)")
PICTURE = re.compile(r"<picture>\s*<source [^>]*srcset=\"(.*?)\">\s*<img src=\"(.*?)\"(.*?)>\s*</picture>", re.DOTALL)
# Words that people search for, and the page or its section that answers them, which need not contain them.
SEARCHED = {
    "README": ("install", "requirements"),
    "docs/faq": ("mac", "offline", "privacy"),
    "docs/faq#does-it-use-a-gpu": ("gpu", "cuda"),
    "docs/faq#does-it-work-on-windows": ("windows",),
    "docs/faq#are-results-reproducible": ("seed", "reproducible", "deterministic"),
    "docs/faq#licences": ("license", "licence", "copyright"),
    "docs/results": ("accuracy", "accurate", "calibration", "false alarms", "false positives"),
    "docs/benchmarks": ("speed", "fast"),
    "docs/use/pictures": (
        "photo",
        "photograph",
        "phone",
        "numbers from scans",
        "ocr",
        "pdf",
        "excel",
        "leading zeros",
        "minus sign",
    ),
    "docs/use/forms": ("forms", "form file", "reference page", "sums", "total", "invoice", "receipt", "delivery note"),
    "docs/use/review": ("confidence", "check", "correct", "percentage", "keyboard", "review page"),
    "docs/use/python": ("api", "scikit-learn", "predict", "batch"),
    "docs/use/export": ("onnx", "export", "pytorch", "safetensors"),
    "docs/use/teaching": ("school", "pupils"),
    "docs/use/troubleshooting": (
        "wrong",
        "misread",
        "not read",
        "read my handwriting",
        "own digits",
        "no digit",
        "loss is nan",
        "diverge",
        "command not found",
        "error",
        "fails",
    ),
    "docs/use/own-data#what-happens-to-the-pictures": ("validation split", "validation set", "train test split"),
    "docs/use/own-data": ("own data", "own pictures", "own images", "letters", "csv", "folder"),
    "docs/extending": ("add a stage", "add a recipe", "add an optimizer", "add a loss"),
    "docs/learn/change": ("leaky relu", "gelu", "average pooling", "add a layer", "add an activation"),
    "docs/learn/derivation": (
        "gradient",
        "softmax",
        "momentum",
        "adam",
        "weight decay",
        "schedule",
        "label smoothing",
    ),
    "docs/learn/derivation#ctc-texts-without-segmentation": ("ctc", "connectionist temporal classification"),
    "docs/learn/tutorial#2-one-layer": ("logit", "logits", "one-hot", "cross entropy"),
    "docs/learn/tutorial#5-mini-batches": ("epoch", "epochs", "mini-batch", "sgd"),
    "docs/learn/tutorial#patches-as-columns": ("im2col", "col2im"),
    "docs/learn/tutorial": ("backpropagation", "kernel", "overfitting", "augmentation", "from scratch"),
    "docs/learn/five-bugs": ("vanishing gradient",),
    "docs/pipeline/reruns": (
        "stale",
        "cache",
        "rerun",
        "resume",
        "interrupted run",
        "delete results",
        "prune",
        "disk full",
    ),
    "docs/pipeline/reruns#training-runs-side-by-side": ("compare training runs", "training run", "experiments"),
    "docs/pipeline/cluster": ("dask", "cluster", "several machines", "multiple machines"),
    "docs/reference/layers": ("dropout", "residual", "pooling"),
    "docs/reference/layers#batch-normalisation": ("batch norm", "batch normalisation", "batch normalization"),
    "docs/reference/glossary#negative-examples-reject-class": ("reject class", "negative class"),
    "docs/reference/glossary#selected-epoch": ("early stopping", "best epoch"),
}
BUTTON = (
    '<p><a href="demo.html" style="display: inline-block; padding: 0.6em 1.4em; border-radius: 0.5em; '
    'font-size: 1.3em; background: var(--color-brand-content); color: var(--color-background-primary)">'
    "Try it: draw a digit</a></p>"
)
DEMO, REPORT = "artifacts/export/index.html", "artifacts/report/index.html"
PAGES = {DEMO: "demo.html"} | ({REPORT: "report.html"} if (ROOT / REPORT).exists() else {})


GLOSSARY = "docs/reference/glossary"
# Terms of the glossary that pages also use in other meanings: a link to them is written by hand.
AMBIGUOUS = {"image", "key", "picture", "reading", "row", "store", "style"}
REFRESH = '<meta http-equiv="refresh" content="0; url=index.html">'
shown_files: set[Path] = set()  # to which pages link


def adapt(app: Sphinx, name: str, source: list[str]) -> None:
    """Adapt the Markdown of a page: its links to other files, its pictures, and the words by which it is found.

    The README also gets the table of contents, and a button that opens the lesson.
    """
    page = ROOT / f"{name}.md"
    up = "../" * name.count("/")

    def link(found: re.Match[str]) -> str:
        if found[2] == "#the-lesson":
            return f"](source:{up}demo.html)"
        path = (page.parent / found[1]).resolve()
        is_page = path.suffix == ".md" and (path.parent == ROOT or path.is_relative_to(ROOT / "docs"))
        if is_page or not path.exists():
            return found[0]  # which Sphinx checks
        if path.is_dir():
            return "](source:)"
        shown_files.add(path)
        return f"](source:{up}{locate_page(path)})"

    for picture in re.findall(r"<(?:img|source)\s[^>]*?src(?:set)?=\"(.*?)\"", source[0]):
        if not (page.parent / picture).exists():
            getLogger(__name__).warning("%s does not exist", picture, location=name)
    text = re.sub(r"\[([^\[\]]*)\]\(source:\)", r"\1", LINK.sub(link, source[0]))
    if COMMANDS in text:
        text = text.replace(COMMANDS, "\n\n".join(describe_commands()))
    button = BUTTON if name == root_doc else ""
    text = PICTURE.sub(rf'<img class="only-light" src="\2"\3><img class="only-dark" src="\1"\3>{button}', text)
    for place, words in SEARCHED.items():
        page_name, _, section = place.partition("#")
        if page_name == name:
            text = add_words(text, section, words)
    for path, target in PAGES.items():
        text = text.replace(f" `{path}`", f' <a href="{up}{target}"><code>{path}</code></a>')
    source[0] = text + "".join(list_contents()) * (name == root_doc)


def add_words(text: str, section: str, words: Iterable[str]) -> str:
    """Return a page with words by which it, or a section of it, is found; docs/scorer.js knows sections by the name."""
    entries = ", ".join(f"! {word}" for word in words)  # ! marks a main entry, which the search puts first
    slugs = {make_slug(found[1]): found for found in HEADING.finditer(text)}
    end = slugs[section].end() if section else text.index("\n")
    option = f":name: at-{section}\n" if section else ""
    return f"{text[:end]}\n\n```{{index}} {entries}\n{option}```\n{text[end:]}"


def link_terms(app: Sphinx, page: nodes.document, name: str) -> None:
    """Link the first use of each term on a page to the glossary, unless the page explains the term, in italics."""
    if name == GLOSSARY or not name.startswith(("README", "docs/")):
        return
    anchors = list_terms()
    address = app.builder.get_relative_uri(name, GLOSSARY)
    linked = {node.get("refuri", "").partition("#")[2] for node in page.findall(nodes.reference)}
    pattern = re.compile(rf"\b({'|'.join(sorted(anchors, key=len, reverse=True))})s?\b", re.IGNORECASE)
    for text in list(page.findall(nodes.Text)):
        ancestors = [text.parent]
        while ancestors[-1].parent:
            ancestors.append(ancestors[-1].parent)
        if any(
            isinstance(each, (nodes.reference, nodes.title, nodes.literal, nodes.FixedTextElement))
            for each in ancestors
        ):
            continue
        parts, done = list[nodes.Node](), 0
        for found in pattern.finditer(text):
            anchor = anchors[found[1].lower()]
            if anchor in linked:
                continue
            linked.add(anchor)
            if isinstance(text.parent, nodes.emphasis):
                continue
            link = nodes.reference("", found[0], internal=True, refuri=f"{address}#{anchor}")
            parts += [nodes.Text(text[done : found.start()]), link]
            done = found.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[done:])])


def list_terms() -> dict[str, str]:
    """Return the anchor of each term of the glossary, in the singular and in small letters."""
    headings = re.findall("^### (.*)$", (ROOT / f"{GLOSSARY}.md").read_text(encoding="utf-8"), re.MULTILINE)
    terms = {term: make_slug(heading) for heading in headings for term in heading.lower().split(", ")}
    singular = {term.removesuffix("s"): anchor for term, anchor in terms.items() if " and " not in term}
    return {term: anchor for term, anchor in singular.items() if term not in AMBIGUOUS | {"training"}}


def make_slug(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def locate_page(path: Path) -> str:
    """Return the address of the page that shows a file; a notebook is copied, to be opened in Jupyter."""
    return f"sources/{path.relative_to(ROOT)}{'' if path.suffix == '.ipynb' else '.html'}"


def show_file(path: Path, target: Path) -> None:
    """Write a page that shows a file of the project."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".ipynb":
        shutil.copy(path, target)
        return
    text = path.read_text(encoding="utf-8")
    try:
        lexer = get_lexer_for_filename(path.name)
    except ClassNotFound:
        lexer = TextLexer()
    form = HtmlFormatter(full=True, title=str(path.relative_to(ROOT)), linenos="inline")
    target.write_text(highlight(text, lexer, form), encoding="utf-8")


def list_contents() -> list[str]:
    """Return a table of contents for each section of docs/README.md, in its order."""
    sections = re.split(r"^## ", (ROOT / "docs/README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    contents = ["\n```{toctree}\n:hidden:\ndocs/README\n```\n"]
    for section in sections[1:]:
        pages = "\n".join(f"/docs/{page}" for page in re.findall(r"^- \[.*?\]\((.*?)\.md\)", section, re.MULTILINE))
        contents.append(f"\n```{{toctree}}\n:hidden:\n:caption: {section.splitlines()[0]}\n{pages}\n```\n")
    return contents


def describe(app: Sphinx, what: str, name: str, found: Any, options: object, lines: list[str]) -> None:
    """Turn the descriptions of parameters in a docstring, `name: text`, into a list, and list hyperparameters."""
    named = what != "exception" and callable(found)
    names = "|".join(signature(found).parameters if named else ())
    item = re.compile(rf"(?:^|(?<=[.;] ))({names or '(?!)'}): ")
    paragraphs = []
    for paragraph in "\n".join(lines).split("\n\n"):
        text = " ".join(paragraph.split())
        if paragraph[:1].isspace() or not item.search(text):
            paragraphs.append(f"::\n\n{paragraph}" if paragraph[:1].isspace() else paragraph)
            continue
        text, _, errors = text.partition(" Raises ")
        first, *parts = item.split(text)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        paragraphs += [first, "\n".join(f":param {name}: {about.strip()}" for name, about in pairs)]
        paragraphs += [f"Raises {errors}"] * bool(errors)
    described = [field for field in fields(found) if "help" in field.metadata] if is_dataclass(found) else []
    if described:
        paragraphs = [paragraph for paragraph in paragraphs if not paragraph.startswith(":param")]
        for field in described:
            paragraphs.append(f":param {field.name}: {field.metadata['help']} Default: `{field.default}`.")
    lines[:] = "\n\n".join(filter(None, paragraphs)).splitlines()


def shorten(app: Sphinx, what: str, name: str, found: object, options: object, text: str, returned: str) -> Any:
    """Return a signature and what is returned, with the aliases of NumPy's types."""
    text, returned = (each and each.replace(ARRAY_LIKE, "ArrayLike") for each in (text, returned))
    return tuple(
        each and re.sub(r"~numpy\.ndarray\[.*?dtype\[(.*?)\]\]", r"NDArray[\1]", each) for each in (text, returned)
    )


def add_pages(app: Sphinx, error: Exception | None) -> None:
    """Add the pictures, the files, the lesson and perhaps the report, and make the README the first page."""
    if error:
        return
    site = Path(app.outdir)
    shutil.copytree(ROOT / "pictures", site / "pictures", dirs_exist_ok=True)
    # README.html leads to index.html, but keeps its text, from which the search takes excerpts.
    shutil.copy(site / "README.html", site / "index.html")
    readme = (site / "index.html").read_text(encoding="utf-8")
    (site / "README.html").write_text(readme.replace("<head>", f"<head>{REFRESH}", 1), encoding="utf-8")
    for file in sorted(shown_files):
        show_file(file, site / locate_page(file))
    for path, target in PAGES.items():
        if (ROOT / path).exists():
            shutil.copy(ROOT / path, site / target)
    if not (site / "demo.html").exists():
        (site / "demo.html").write_text(render_included_lesson(), encoding="utf-8")
    for page in site.rglob("*.html"):
        finish_page(page, site)


def finish_page(path: Path, site: Path) -> None:
    """Give headings of captions a level, let code that scrolls have the focus, and link the lesson to the site."""
    text, up = path.read_text(encoding="utf-8"), "../" * (len(path.relative_to(site).parts) - 1)
    text = text.replace(' role="heading"', ' role="heading" aria-level="2"').replace("<pre>", '<pre tabindex="0">')
    text = re.sub(r'<span data-page="(.*?)">(.*?)</span>', r'<a href="\1">\2</a>', text)
    text = text.replace('"../export/index.html#', '"demo.html#').replace('<p class="pages" hidden>', "<p>")
    text = text.replace(f'href="{up}README.html', f'href="{up}index.html')
    path.write_text(text, encoding="utf-8")


def write_math(writer: Any, node: Any) -> None:
    """Write a formula as MathML, which needs no script.

    Without a font for mathematics, fractions are higher than their box, which cuts them.
    """
    formula = latex2mathml.tex2mathml(node.astext(), as_block=node.tagname == "math_block")
    writer.body.append(formula.replace('display="block"', 'display="block" style="padding: 0.5em 0"'))
    raise SkipNode


def setup(app: Sphinx) -> None:
    """Register the functions above."""
    app.add_html_math_renderer("mathml", (write_math, None), (write_math, None))
    app.connect("source-read", adapt)
    app.connect("doctree-resolved", link_terms)
    app.connect("autodoc-process-docstring", describe)
    app.connect("autodoc-process-signature", shorten)
    app.connect("build-finished", add_pages)
