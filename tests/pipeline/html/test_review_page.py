import json
import re
from pathlib import Path
from typing import Any

from pipeline.html.review.review import render_review
from pipeline.reader.many.table import CHECKED_COLUMNS


def make_row(confidence: float) -> dict[str, Any]:
    parts = {"text": "1 2", "digits": "12", "confidence": confidence, "alternatives": [["17", 0.1]], "boxes": []}
    return {**parts, "region": "", "unread": False, "box": [1, 2, 3, 4], "crop": "data:image/jpeg;base64,AA=="}


def test_rows_are_in_the_order_of_the_pages_and_names_are_only_text(tmp_path: Path) -> None:
    name = str(tmp_path / 'a"</script><script>alert(1)\n.png')
    page = render_review(
        [{"file": name, "rows": [make_row(0.9), make_row(0.2)]}, {"file": "b.png", "error": "damaged"}],
        tmp_path,
        columns=CHECKED_COLUMNS,
        certain=0.9,
    )
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    rows = json.loads(data)["rows"]
    assert [(row["confidence"], row["row"]) for row in rows] == [(0.9, 1), (0.2, 2)]
    assert {row["file"] for row in rows} == {name}
    assert {row["source"] for row in rows} == {"./a%22%3C/script%3E%3Cscript%3Ealert%281%29%0A.png"}
    assert page.count("<script") == 2
    assert "http" not in page.replace("http-equiv", "")
