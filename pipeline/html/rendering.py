"""Render pages and cards from Jinja templates."""

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Any

import jinja2

from pipeline.html import wording
from pipeline.network.network import count_parameters

TEMPLATES = Path(__file__).parents[1]  # the folder pipeline/


def render(template: str, **values: Any) -> str:
    """Render the template with that path in pipeline/; values are escaped in HTML, none may be missing."""
    return _environment().get_template(template).render(**values)


@functools.cache  # which keeps the compiled templates
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["without_comments"] = without_comments
    # What templates call: they receive the records themselves.
    environment.globals |= {"wording": wording, "count_parameters": count_parameters}
    return environment


def without_comments(script: str) -> str:
    """Return JavaScript without comments, indentation and empty lines, to keep a page small; CSS and HTML as well.

    Their place is the template. No text in backticks may span lines.
    """
    lines = re.sub(r"^ *(?:(?://.*|/\*(?s:.*?)\*/)?\n)?", "", script, flags=re.MULTILINE)
    return re.sub(r"(?<=[;,{}\])]) +(?:// .*|/\*[^*]*\*/)$", "", lines, flags=re.MULTILINE)


def digest_script(script: str) -> str:
    """Return the SHA-256 hash of a script in base64, by which a page's policy admits it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def render_card(template: str, **values: Any) -> str:
    """Render a template in Markdown; the parts that are skipped leave no empty lines."""
    return re.sub(r"\n{3,}", "\n\n", render(template, **values)).rstrip() + "\n"
