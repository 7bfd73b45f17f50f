"""How far pictures are bent, in plain numbers; `deform` does it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Deformation:
    """How far pictures are bent; with all strengths at 0 they stay as they are.

    bent: the share of them that are; the others stay as they are.

    Drawn evenly between minus and plus: shift, in pixels along each axis; rotation, in degrees; scale, a share, for
    each axis by itself; shear, the tangent of the slant, x by y; thickness, how far each pixel moves to the brightest
    (plus) or the darkest (minus) of its neighbourhood of five, as a share. elastic: the root of the mean square of e
    along each axis, in pixels; smoothness: over how many pixels e hardly changes, the deviation of its bumps.
    """

    bent: float = 1.0
    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    smoothness: float = 5.0
    thickness: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether pixels go elsewhere."""
        return any((self.shift, self.rotation, self.scale, self.shear, self.elastic))
