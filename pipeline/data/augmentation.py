"""The parameters of the augmentation. `pipeline.data.deform` applies it."""

from dataclasses import dataclass

from pipeline.engine.fields import check_values, hyperparameter


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

    @property
    def changes_images(self) -> bool:
        """Whether any image is changed."""
        return self.augment_fraction > 0 and (self.moves_pixels or self.stroke_width > 0)
