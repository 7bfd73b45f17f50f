"""How far pictures are bent, in plain numbers; `deform` does it."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin

from pipeline.engine.errors import UsageError


def value(default: Any, meaning: str, within: str = "") -> Any:
    """The field of a dataclass: its default, what `--help` says of it, and its range, as `[0, 1)`: 1 is not in it."""
    return field(default=default, metadata={"meaning": meaning, "within": within})


def check_values(values: Any) -> None:
    """Raise UsageError if a value of the dataclass is out of its field's range, or not one of its names."""
    for one in fields(values):
        found, known = getattr(values, one.name), get_args(one.type)
        within: str = one.metadata.get("within", "")
        if get_origin(one.type) is Literal and found not in known:
            raise UsageError(f"there is no {one.name} '{found}': choose one of {', '.join(known)}")
        for each in (found if isinstance(found, tuple) else [found]) if within else ():
            low, high = map(float, within[1:-1].split(","))
            if not low <= each <= high or (each == low and within[0] == "(") or (each == high and within[-1] == ")"):
                raise UsageError(f"{one.name.replace('_', ' ')} must be in {within}, not {each}")


@dataclass(frozen=True)
class Augmentation:
    """How images are augmented; with all strengths at 0 they are not changed.

    Drawn uniformly from [-x, x]: shift, along each axis; rotation; scale, of each axis; shear, the tangent of the
    slant; stroke_width, how far each pixel moves to the brightest (plus) or the darkest (minus) pixel of its
    neighbourhood of five. elastic: the root mean square of the displacement along each axis, smoothed by Gaussians of
    standard deviation elastic_sigma. Raises UsageError for a value out of its range.
    """

    augment_fraction: float = value(1.0, "Share of the images that are bent at all.", "[0, 1]")
    shift: float = value(0.0, "Pixels, at most.", "[0, 1000]")
    rotation: float = value(0.0, "Degrees, at most.", "[0, 180]")
    scale: float = value(0.0, "Share of the size, at most.", "[0, 0.9]")
    shear: float = value(0.0, "Slant, at most: x by y.", "[0, 10]")
    elastic: float = value(0.0, "Pixels, of an unsteady hand; root mean square.", "[0, 1000]")
    elastic_sigma: float = value(5.0, "Pixels over which the hand is steady.", "[1, 1000]")
    stroke_width: float = value(0.0, "Of strokes, at most: a share of two pixels.", "[0, 1]")

    def __post_init__(self) -> None:
        check_values(self)

    @property
    def moves(self) -> bool:
        """Whether pixels go elsewhere."""
        return any((self.shift, self.rotation, self.scale, self.shear, self.elastic))
