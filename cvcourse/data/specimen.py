"""What lies under the rendered microscope: nuclei, membranes and filaments, and the light that reaches the camera.

Every function returns planes (N, S, S) of fluorescence, in which 1 is bright.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from cvcourse.data.fields import blur, coordinates, smooth
from cvcourse.data.hashing import Draws
from cvcourse.data.windows import Windows, cut, rotated

STRUCTURES = ("filaments", "nuclei", "membranes")

# Lengths in pixels; at 0.2 micrometres a pixel a nucleus of radius 10 measures 4 micrometres across.
_NUCLEUS_PITCH = 30  # of the grid of cells that hold one nucleus each, or none
_NUCLEUS_PLAY = 0.28  # how far a nucleus lies from the middle of its cell at most, in cells
_NUCLEUS_RADIUS = (7.0, 12.0)
_NUCLEUS_BEND = 0.22  # how far an ellipse is bent out of shape at most, in radii
_NUCLEUS_SIDE = 32  # of the window that a nucleus is drawn in
_NUCLEUS_MARGIN = 24  # drawn around the picture, so that no window is moved into another
_NUCLEUS_SHARE = 0.65  # of cells that hold a nucleus
_MEMBRANE_PITCH = 43  # of the grid of the membranes' cells
_MEMBRANE_BEND = 5.0  # how far a point of a membrane is moved at most
_MEMBRANE_TILE = 128  # pixels whose nearest sites are looked for together
_MEMBRANE_WIDTH = 1.3
_FILAMENT_STEP = 0.7  # between two points of a filament
_FILAMENT_POINTS = (60, 200)
_FILAMENTS = {"filaments": 20, "mixture": 10}  # places for them in 128 x 128 pixels
_TAKEN = 0.75  # share of the places that hold a filament
_SMALLEST_NUCLEUS = 20  # visible pixels below which a nucleus at the border is no target


@dataclass
class Specimen:
    """Fluorescence float32 (N, S, S) in [0, 1], and int32 (N, S, S): 0, or k for the pixels of the k-th nucleus."""

    light: Tensor
    ids: Tensor


def specimen(draws: Draws, size: int, kind: str, psf: float, haze: float) -> Specimen:
    """The light from structures of one kind, or of all for "mixture", through the microscope.

    Args:
        draws: one row a picture.
        size: side of the pictures in pixels.
        kind: "filaments", "nuclei", "membranes" or "mixture".
        psf: standard deviation of the point-spread function in pixels. A Gaussian is close to the main lobe of an
            Airy pattern, with sigma = 0.21 wavelength / numerical aperture (Zhang, Zerubia and Olivo-Marin, 2007).
        haze: share of the light that comes from out of focus, spread over six times the width.
    """
    light = torch.zeros(draws.size, size, size, device=draws.device)
    ids = torch.zeros(draws.size, size, size, dtype=torch.int32, device=draws.device)
    # In a mixture a picture lacks one structure or another now and then, but never the nuclei.
    present = (draws.uniform("present", len(STRUCTURES)) < (0.8 if kind == "mixture" else 2.0)).float()[
        :, :, None, None
    ]
    if kind in ("nuclei", "mixture"):
        light, ids = nuclei(draws, size)
    if kind in ("membranes", "mixture"):
        light = torch.maximum(light, membranes(draws, size) * present[:, 2])
    if kind in ("filaments", "mixture"):
        light = light + filaments(draws, size, _FILAMENTS[kind]) * present[:, 0]
    focused = blur(light, psf)
    if haze > 0:
        focused = focused * (1 - haze) + _far_blur(light, 6 * psf) * haze
    return Specimen(focused.mul_(0.92).add_(0.03).clamp_(0, 1), ids)


def _far_blur(light: Tensor, sigma: float) -> Tensor:
    """A wide blur, computed on a picture of a quarter the size."""
    coarse = blur(F.avg_pool2d(light[:, None], 4, ceil_mode=True)[:, 0], sigma / 4)
    return smooth(coarse, *light.shape[1:])


def nuclei(draws: Draws, size: int) -> tuple[Tensor, Tensor]:
    """Ellipses with uneven outlines and mottled insides, some of which touch; and their instance map.

    Each lies in a cell of a shifted grid. Nuclei whose cells are two apart never share a window, so that all those of
    one parity are drawn at once.
    """
    n, pitch, side, margin = draws.size, _NUCLEUS_PITCH, _NUCLEUS_SIDE, _NUCLEUS_MARGIN
    cells = math.ceil(size / pitch) + 2
    whole = size + 2 * margin
    numbers = draws.uniform("nuclei", 12, cells, cells)
    steps = torch.arange(cells, device=draws.device) - 0.5
    phase = draws.uniform("nuclei phase", 2, 1, 1) - 1
    x = pitch * (steps + phase[:, 0] + _NUCLEUS_PLAY * (2 * numbers[:, 0] - 1))
    y = pitch * (steps[:, None] + phase[:, 1] + _NUCLEUS_PLAY * (2 * numbers[:, 1] - 1))
    reach = side / 2 - 2
    live = (numbers[:, 2] < _NUCLEUS_SHARE) & (x > -reach) & (x < size + reach) & (y > -reach) & (y < size + reach)
    numbers = numbers.permute(0, 2, 3, 1)
    light = torch.zeros(n, whole, whole, device=draws.device)
    ids = torch.zeros(n, whole, whole, dtype=torch.int32, device=draws.device)
    found = torch.zeros(n, 1, dtype=torch.int32, device=draws.device)
    parity = torch.arange(cells, device=draws.device) % 2
    for which in range(4):
        chosen = live & (2 * parity[:, None] + parity == which)
        windows = cut(chosen.nonzero()[:, 0], x[chosen] + margin, y[chosen] + margin, side, whole, whole)
        inside, profile = _nucleus(windows, x[chosen] + margin, y[chosen] + margin, numbers[chosen])
        windows.write(light, torch.maximum(windows.read(light), profile))
        found = _mark(windows, inside > 0.5, chosen, ids, found, size)
    view = slice(margin, margin + size)
    mottled = smooth(draws.normal("chromatin", size // 4, size // 4), size, size).mul_(0.16)
    return light[:, view, view].mul(mottled.add_(1)), ids[:, view, view].contiguous()


def _mark(windows: Windows, inside: Tensor, chosen: Tensor, ids: Tensor, found: Tensor, size: int) -> Tensor:
    """Write the numbers of nuclei into the instance map where none is yet, and return how many there are now (N, 1).

    Those of which too little lies in the picture get no number.
    """
    before = windows.read(ids)
    in_x, in_y = ((axis > _NUCLEUS_MARGIN) & (axis < _NUCLEUS_MARGIN + size) for axis in (windows.x, windows.y))
    seen = inside & (before == 0)
    areas = (seen & in_x[:, None, :] & in_y[:, :, None]).flatten(1).sum(1)
    kept = torch.zeros_like(chosen)
    kept[chosen] = areas >= _SMALLEST_NUCLEUS
    kept = kept.flatten(1)
    numbers = ((found + kept.cumsum(1)) * kept).to(torch.int32).view_as(chosen)[chosen]
    windows.write(ids, torch.where(seen, numbers[:, None, None], before))
    return found + kept.sum(1, keepdim=True).to(torch.int32)


def _nucleus(windows: Windows, x: Tensor, y: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Coverage in [0, 1] and brightness (M, side, side) of one nucleus a window: a bent ellipse, brightest inside."""
    low, high = _NUCLEUS_RADIUS
    large = low + (high - low) * numbers[:, 3]
    small = (large * (0.6 + 0.4 * numbers[:, 4])).clamp(min=0.9 * low)[:, None, None]
    u, v = rotated(windows, x, y, numbers[:, 5] * math.pi)
    u, v = u.div_(large[:, None, None]), v.div_(small)
    bends = (2 * _NUCLEUS_BEND * (numbers[:, 6:9] - 0.5))[:, :, None, None]
    bent_u = torch.addcmul(u, v, torch.addcmul(v * bends[:, 0], u, bends[:, 1]))
    bent_v = torch.addcmul(v, u * u, bends[:, 2])
    square = bent_u.mul_(bent_u).addcmul_(bent_v, bent_v)
    inside = square.sqrt().mul_(-small).add_(small + 0.5).clamp_(0, 1)
    bright = (0.35 + 0.4 * numbers[:, 9])[:, None, None]
    return inside, square.clamp_(max=1).mul_(-0.3 * bright).add_(bright).mul_(inside)


def membranes(draws: Draws, size: int) -> Tensor:
    """Borders of a Voronoi tessellation, bent by a smooth field and of uneven brightness."""
    n, pitch, nodes = draws.size, _MEMBRANE_PITCH, max(3, size // 16 + 1)
    cells = math.ceil(size / pitch) + 2
    steps = torch.arange(cells, device=draws.device) - 1.0
    phase = draws.uniform("membranes phase", 2, 1, 1) - 0.5
    places = draws.between("membranes", 0.1, 0.9, 2, cells, cells)
    sites = pitch * torch.stack([steps + phase[:, 0] + places[:, 0], steps[:, None] + phase[:, 1] + places[:, 1]], 1)
    wall = torch.empty(n, size, size, device=draws.device)
    for top in range(0, size, _MEMBRANE_TILE):
        for left in range(0, size, _MEMBRANE_TILE):
            near = sites[:, :, _sites_near(top), _sites_near(left)].flatten(2)
            tile = wall[:, top : top + _MEMBRANE_TILE, left : left + _MEMBRANE_TILE]
            tile.copy_(_border_distance(near, left, top, tile.shape[2], tile.shape[1]))
    wall.div_(_MEMBRANE_WIDTH).square_().neg_().exp_()
    strength = draws.between("membranes strength", 0.45, 0.8, 1, 1)
    uneven = smooth(draws.between("membranes uneven", 0.55, 1.0, nodes, nodes), size, size)
    return _bent(wall, draws.between("membranes bend", -1, 1, 2, nodes, nodes)).mul_(uneven).mul_(strength)


def _sites_near(start: int) -> slice:
    """The rows (or columns) of sites that can be nearest or second nearest to a pixel of the tile that begins there."""
    first, last = start / _MEMBRANE_PITCH - 2, (start + _MEMBRANE_TILE) / _MEMBRANE_PITCH + 3
    return slice(max(0, math.floor(first)), math.ceil(last))


def _border_distance(sites: Tensor, left: int, top: int, width: int, height: int) -> Tensor:
    """How far each pixel is from being as near to its second nearest site (N, 2, K) as to its nearest.

    The difference of the two smallest squared distances, over twice the sites' distance, is the distance from the
    border between their cells. The sites' distance is taken to be a common one, so that borders between near sites are
    a little wider.
    """
    x = torch.arange(left, left + width, device=sites.device) + 0.5
    y = torch.arange(top, top + height, device=sites.device) + 0.5
    across, down = (sites[:, 0, :, None] - x).square_(), (sites[:, 1, :, None] - y).square_()
    first = torch.full((len(sites), height, width), torch.inf, device=sites.device)
    second, square, larger = first.clone(), torch.empty_like(first), torch.empty_like(first)
    for k in range(sites.shape[2]):
        torch.add(across[:, k, None, :], down[:, k, :, None], out=square)
        torch.maximum(first, square, out=larger)
        torch.minimum(second, larger, out=second)
        torch.minimum(first, square, out=first)
    return second.sub_(first).div_(2 * 0.7 * _MEMBRANE_PITCH)


def _bent(plane: Tensor, nodes: Tensor) -> Tensor:
    """The plane (N, S, S) seen through a wavy glass: each pixel is taken from up to _MEMBRANE_BEND pixels beside it."""
    size = plane.shape[1]
    shift = smooth(nodes * (2 * _MEMBRANE_BEND / size), size, size)
    along = coordinates(size, plane.device)
    grid = torch.stack([shift[:, 0] + along, shift[:, 1] + along[:, None]], -1)
    return F.grid_sample(plane[:, None], grid, padding_mode="reflection", align_corners=False)[:, 0]


def filaments(draws: Draws, size: int, density: float) -> Tensor:
    """Curves that bend at random, one pixel wide before the point-spread function; where they cross, light adds up."""
    count = max(4, round(density * (size / 128) ** 2))
    fewest, most = _FILAMENT_POINTS
    numbers = draws.uniform("filaments", 6, count, 1)
    length = fewest + (most - fewest) * numbers[:, 0]
    bend = 0.03 * (2 * numbers[:, 1] - 1) + 0.035 * draws.normal("filaments bend", count, most)
    angle = (2 * math.pi * numbers[:, 2] + bend.cumsum(2)) % (2 * math.pi)
    x = (1.3 * numbers[:, 3] - 0.15) * size + _FILAMENT_STEP * angle.cos().cumsum(2) - 0.5
    y = (1.3 * numbers[:, 4] - 0.15) * size + _FILAMENT_STEP * angle.sin().cumsum(2) - 0.5
    steps = torch.arange(most, device=draws.device)
    bright = (
        (0.9 + 1.4 * numbers[:, 5]) * _FILAMENT_STEP * (steps < length) * (draws.uniform("taken", count, 1) < _TAKEN)
    )
    return _splat(x, y, bright, size).clamp_(max=3)


def _splat(x: Tensor, y: Tensor, weight: Tensor, size: int) -> Tensor:
    """Points (N, ...) shared out among the four pixels around each: (N, size, size)."""
    n = len(x)
    left, top = x.floor(), y.floor()
    right, down = x - left, y - top
    start = torch.arange(n, device=x.device).view(-1, 1, 1) * (size * size)
    plane = torch.zeros(n * size * size, device=x.device)
    for dx, dy, share in (
        (0, 0, (1 - right) * (1 - down)),
        (1, 0, right * (1 - down)),
        (0, 1, (1 - right) * down),
        (1, 1, right * down),
    ):
        column, row = left + dx, top + dy
        inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
        place = start + row.clamp(0, size - 1).long() * size + column.clamp(0, size - 1).long()
        plane.scatter_add_(0, place.flatten(), (weight * share * inside).flatten())
    return plane.view(n, size, size)
