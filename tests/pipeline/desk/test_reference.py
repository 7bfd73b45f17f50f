"""The reference page of a form."""

from pathlib import Path

import pytest

from pipeline.desk.forms.form import Form
from pipeline.desk.forms.regions import Region
from pipeline.desk.reference import complete_form
from pipeline.engine.errors import UsageError
from pipeline.reader.batch.folders import find_pictures
from tests.ledgers import draw_ledger


@pytest.mark.slow
def test_reference_page_is_beside_the_form_or_the_only_page_of_its_name(tmp_path: Path) -> None:
    for folder, text in (("forms", "a"), ("pile/one", "b"), ("pile/two", "c"), ("pile/two", "d")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        draw_ledger(1).save(tmp_path / folder / f"{text}.png")
    draw_ledger(1).save(tmp_path / "pile/one/c.png")
    pictures = find_pictures([str(tmp_path / "pile")])

    def find(named: str) -> str:
        form = complete_form(Form((Region("x"),), named=named, path=tmp_path / "forms/form.toml"), pictures)
        assert form.reference
        return str(Path(form.reference.name).relative_to(tmp_path))

    draw_ledger(2).save(tmp_path / "forms/b.png")
    assert find("a.png") == "forms/a.png"
    assert find("b.png") == "forms/b.png"  # not the page of the pile
    assert find("d.png") == "pile/two/d.png"
    assert find("one/c.png") == "pile/one/c.png"
    assert find("") == "pile/one/b.png"
    for wrong in ("c.png", "none.png", "three/d.png"):
        with pytest.raises(UsageError):
            find(wrong)
