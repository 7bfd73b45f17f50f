import json
import re
from pathlib import Path
from typing import Any

from pipeline.desk.review import review
from pipeline.desk.review.review import render_review


def make_page(name: str, *confidences: float, image: str = "") -> dict[str, Any]:
    rows = [{"text": "1 2", "confidence": each} for each in confidences]
    return {"file": name, "rows": rows, "path": name, "size": [100, 200], "image": image}


def load_data(page: str) -> dict[str, Any]:
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(data)  # type: ignore[no-any-return]


def test_rows_are_in_the_order_of_the_pages_and_names_are_only_text(tmp_path: Path) -> None:
    name = str(tmp_path / 'a"</script><script>alert(1)\n.png')
    page = render_review([make_page(name, 0.9, 0.2)], tmp_path / "review.html", {})
    (shown,) = load_data(page)["pages"]
    assert [row["confidence"] for row in shown["rows"]] == [0.9, 0.2]
    assert shown["file"] == name
    assert shown["source"] == "./a%22%3C/script%3E%3Cscript%3Ealert%281%29%0A.png"
    assert page.count("<script") == 2
    assert "http" not in page.replace("http-equiv", "")


def test_picture_whose_name_is_not_utf_8_is_found(tmp_path: Path) -> None:
    page = render_review([make_page(str(tmp_path / "\udcff.png"), 0.5)], tmp_path / "review.html", {})
    (shown,) = load_data(page)["pages"]
    assert shown["source"] == "./%FF.png"


def test_work_is_kept_under_the_name_of_the_file(tmp_path: Path) -> None:
    pages = [
        render_review([make_page("a.png", 0.5)], tmp_path / name, {}) for name in ("one.html", "one.html", "two.html")
    ]
    first, again, other = (load_data(page)["key"] for page in pages)
    assert first == again != other


def test_images_of_pages_are_embedded_until_the_page_is_large(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(review, "IMAGES", 50)
    image = "data:image/jpeg;base64,AAAAAAAA=="
    found = [make_page(f"scan.tif page {number}", 0.5, image=image) for number in (1, 2)]
    first, second = load_data(render_review(found, tmp_path / "review.html", {}))["pages"]
    assert first["source"] == image
    assert second["source"].startswith("./")
