"""How far text stands out from what is behind it, as WCAG 2 defines it."""

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb

LEAST: float = 4.5
"""What WCAG 2 asks of text at level AA."""


def luminance(rgb: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the luminance of colours whose parts are from 0 to 1."""
    parts = np.asarray(rgb, float)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])


def contrasts(ink: npt.ArrayLike, grounds: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the contrast of a colour with each of others."""
    one, other = luminance(ink), luminance(grounds)
    return np.asarray((np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05))


def contrast(ink: str, ground: str) -> float:
    """Return the contrast of two colours that are written as CSS has them: ``#222``."""
    return float(contrasts(to_rgb(ink), to_rgb(ground)))
