import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.errors import UsageError
from pipeline.engine.provenance import Provenance, differences, package_versions, to_json_values

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, 1.0, 0.1, float("nan")])
    | st.text("1a", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
    max_leaves=3,
)
TEXTS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)
PROVENANCES = st.builds(
    Provenance,
    stage=st.just("plant"),
    parameters=st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3).map(to_json_values),
    inputs=TEXTS,
    code=TEXTS,
    environment=TEXTS,
)


@given(PROVENANCES, PROVENANCES)
def test_keys_are_equal_if_and_only_if_nothing_differs(old: Provenance, new: Provenance) -> None:
    assert (old.key == new.key) == (differences(old, new) == [])


@given(PROVENANCES)
def test_key_is_independent_of_json_roundtrip_and_order(provenance: Provenance) -> None:
    parameters = json.loads(json.dumps(provenance.parameters))
    reordered = dict(reversed(parameters.items()))
    assert replace(provenance, parameters=reordered).key == provenance.key


def test_differences_are_listed_by_name_with_old_and_new_values() -> None:
    old = Provenance(
        "plant", {"a": 1, "b": "x", "c": None, "e": ""}, {"in": "1"}, {"m.py": "1", "n.py": "2"}, {"numpy": "2.0"}
    )
    new = Provenance(
        "plant", {"a": 1.5, "b": "y", "d": [1], "e": "z"}, {"in": "2"}, {"m.py": "3", "o.py": "2"}, {"numpy": "2.1"}
    )
    assert list(map(str, differences(old, new))) == [
        "parameter a: 1 -> 1.5",
        "parameter b: x -> y",
        "parameter c: gone, was null",
        "parameter d: new, [1]",
        'parameter e: "" -> z',
        "input in: changed",
        "code m.py: changed",
        "code n.py: gone",
        "code o.py: new",
        "environment numpy: 2.0 -> 2.1",
    ]
    assert list(map(str, differences(old, replace(old, inputs={"in": None})))) == ["input in: will be made again"]


def test_only_modules_are_called_code_and_count_only_for_the_same_version_of_python() -> None:
    old = Provenance("plant", {}, {}, {"data/day.log": "1", "stages/m.py": "1"}, {"python": "3.11"})
    new = replace(old, code={"data/day.log": "2", "stages/m.py": "2"})
    files = ["file data/day.log: changed", "code stages/m.py: changed"]
    assert list(map(str, differences(old, new))) == files
    other = replace(new, environment={"python": "3.12"})
    assert list(map(str, differences(old, other))) == [files[0], "environment python: 3.11 -> 3.12"]


def test_environment_has_versions_of_python_and_packages() -> None:
    major, minor, *_ = sys.version_info
    assert package_versions(["numpy", "no-such-package"]) == {
        "python": f"{major}.{minor}",
        "numpy": np.__version__,
        "no-such-package": "not installed",
    }


def test_entries_of_a_mapping_are_counted() -> None:
    old, new, before = (
        Provenance("plant", {"runs": runs}, {}, {}, {})
        for runs in ({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5", "e": "6"}, "3 runs")
    )
    assert list(map(str, differences(old, new))) == ["parameter runs: 2 new, 1 gone, 1 changed"]
    assert list(map(str, differences(before, new))) == ["parameter runs: 4 new"]


def test_parameter_that_is_not_utf_8_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"^place is not text in UTF-8"):
        to_json_values({"number": 1, "place": Path("meadow\udcff")})
