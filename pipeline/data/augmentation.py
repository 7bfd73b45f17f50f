"""Augmentation parameters, and dataclass fields with a help text and a range. `deform` applies the augmentation."""

import math
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin

from pipeline.engine.errors import UsageError


def hyperparameter(default: Any, description: str, interval: str = "") -> Any:
    """Return a dataclass field with a default, a help text for `--help`, and a range, as in `[0, 1)`."""
    return field(default=default, metadata={"help": description, "range": interval})


def check_values(values: Any) -> None:
    """Raise UsageError if a value of the dataclass is outside its field's range or not one of its choices."""
    for one in fields(values):
        found, choices = getattr(values, one.name), get_args(one.type)
        name = one.name.replace("_", " ")
        if get_origin(one.type) is Literal and found not in choices:
            raise UsageError(f"{name} must be one of {', '.join(choices)}, not '{found}'")
        if interval := one.metadata.get("range", ""):
            _check_range(name, found, interval)
            object.__setattr__(values, one.name, found + 0)  # turns -0.0 into 0.0, so that the keys are equal


def _check_range(name: str, value: float, interval: str) -> None:
    (low, high), closed_below, closed_above = interval[1:-1].split(", "), interval[0] == "[", interval[-1] == "]"
    if not abs(value) < math.inf:
        raise UsageError(f"{name} must be a finite number, not {value}")
    large_enough = value > float(low) or (value == float(low) and closed_below)
    small_enough = value < float(high) or (value == float(high) and closed_above)
    if not (large_enough and small_enough):
        limit = f" and {'at most' if closed_above else 'below'} {high}" if high != "inf" else ""
        raise UsageError(f"{name} must be {'at least' if closed_below else 'above'} {low}{limit}, not {value}")


@dataclass(frozen=True)
class Augmentation:
    """Strengths of the augmentation; with all of them at 0, images are not changed.

    shift (along each axis), rotation, scale (of each axis), shear (the tangent of the slant) and stroke_width are drawn
    uniformly from [-x, x], where x is the value of the field. elastic is the root mean square of the displacement along
    each axis; the displacement field is smoothed by a Gaussian of standard deviation elastic_sigma. Raises UsageError
    for a value outside its range.
    """

    augment_fraction: float = hyperparameter(1.0, "Fraction of the images that are augmented.", "[0, 1]")
    shift: float = hyperparameter(0.0, "Maximum shift, in pixels.", "[0, 1000]")
    rotation: float = hyperparameter(0.0, "Maximum rotation, in degrees.", "[0, 180]")
    scale: float = hyperparameter(0.0, "Maximum relative change of height and width.", "[0, 0.9]")
    shear: float = hyperparameter(0.0, "Maximum shear: horizontal shift per pixel of height.", "[0, 10]")
    elastic: float = hyperparameter(0.0, "Root mean square of the elastic displacement, in pixels.", "[0, 1000]")
    elastic_sigma: float = hyperparameter(
        5.0, "Smoothing radius (sigma) of the elastic displacement, in pixels.", "[1, 1000]"
    )
    stroke_width: float = hyperparameter(0.0, "Maximum change of the stroke width, in units of two pixels.", "[0, 1]")

    def __post_init__(self) -> None:
        check_values(self)

    @property
    def moves_pixels(self) -> bool:
        """Whether the augmentation includes an affine or elastic deformation."""
        return any((self.shift, self.rotation, self.scale, self.shear, self.elastic))
