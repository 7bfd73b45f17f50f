"""The parameters of the augmentation. `pipeline.data.deform` applies it."""

from dataclasses import dataclass
from typing import Annotated

from pipeline.engine.documents import Meta, Share
from pipeline.engine.fields import check_values


@dataclass(frozen=True)
class Augmentation:
    """Strengths of the augmentation; with all of them at 0, images are not changed.

    shift (along each axis), rotation, scale (of each axis), shear (the tangent of the slant) and stroke_width are drawn
    uniformly from [-x, x], where x is the value of the field. elastic is the root mean square of the displacement along
    each axis; the displacement field is smoothed by a Gaussian of standard deviation elastic_sigma. Raises UsageError
    for a value outside its range.
    """

    augment_fraction: Annotated[Share, "Fraction of the images that are augmented."] = 1.0
    shift: Annotated[float, Meta(ge=0, le=1000), "Maximum shift, in pixels."] = 0.0
    rotation: Annotated[float, Meta(ge=0, le=180), "Maximum rotation, in degrees."] = 0.0
    scale: Annotated[float, Meta(ge=0, le=0.9), "Maximum relative change of height and width."] = 0.0
    shear: Annotated[float, Meta(ge=0, le=10), "Maximum shear: horizontal shift per pixel of height."] = 0.0
    elastic: Annotated[float, Meta(ge=0, le=1000), "Root mean square of the elastic displacement, in pixels."] = 0.0
    elastic_sigma: Annotated[
        float, Meta(ge=1, le=1000), "Smoothing radius (sigma) of the elastic displacement, in pixels."
    ] = 5.0
    stroke_width: Annotated[Share, "Maximum change of the stroke width, in units of two pixels."] = 0.0

    def __post_init__(self) -> None:
        check_values(self)

    @property
    def moves_pixels(self) -> bool:
        """Whether the augmentation includes an affine or elastic deformation."""
        return any((self.shift, self.rotation, self.scale, self.shear, self.elastic))

    @property
    def changes_images(self) -> bool:
        """Whether any image is changed."""
        return self.augment_fraction > 0 and (self.moves_pixels or self.stroke_width > 0)
