"""Arrays passed from observe to output: plain numpy, so that files and pictures need no finite
elements."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from cellfem.quantities import check_fields

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Block:
    """One rank's part of one named part of the stack, in true geometry.

    points: (N, 3) µm; cells: (M, k) int64, nodes in VTK order; cell_type: VTK cell type
    (`cellfem.observe.cells`); point_data: (N,) or (N, 3), every name ends in its unit, for example
    "velocity_um_s". Raises ValueError for inconsistent shapes. N and M may be zero: a rank that
    owns nothing of a part still names its fields.
    """

    points: Array
    cells: NDArray[np.int64]
    cell_type: int
    point_data: dict[str, Array]

    def __post_init__(self) -> None:
        count = len(self.points)
        if self.points.shape != (count, 3):
            raise ValueError(f"points must have shape (N, 3), not {self.points.shape}")
        if self.cells.ndim != 2:
            raise ValueError(f"cells must have shape (M, k), not {self.cells.shape}")
        for name, values in self.point_data.items():
            if values.shape not in ((count,), (count, 3)):
                raise ValueError(f"point data {name!r} must have shape ({count},) or ({count}, 3), not {values.shape}")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The whole stack at one time.

    blocks: "lithium", "void", "LLZO", "interface"; the same keys, with the same fields, on every
    rank and at every time.
    """

    time_s: float
    blocks: dict[str, Block]


@dataclass(frozen=True, eq=False)
class Profile:
    """Values at the nodes of Γ, gathered on rank 0; all (N,), in an order independent of the ranks.

    A line (2-D) is sorted by x. A map (3-D) has y_um and its facets (K, 3 or 4), corners in VTK
    order. With periodic sides their nodes appear at both ends, with the same values and a part of
    the weight each. weight is the node's quadrature weight: sum(weight*q) = ∫q dA, µm in plane
    strain, µm² when axisymmetric or in 3-D. Raises ValueError for inconsistent lengths, or if x of
    a line does not increase.
    """

    x_um: Array
    weight: Array
    gap_um: Array
    contact: Array
    carrying: Array
    current_mA_cm2: Array
    overpotential_mV: Array
    contact_pressure_MPa: Array
    porosity: Array
    asr_ohm_cm2: Array
    compression_MPa: Array | None = None  # of the electrolyte along its face, where its stress is solved
    y_um: Array | None = None
    gas_MPa: Array | None = None  # of the void at this place, if voids contain gas
    facets: NDArray[np.int64] | None = None
    one_with: NDArray[np.int64] | None = None  # with periodic sides: the node on the low side to which each is joined
    periods: tuple[float, ...] = ()  # and the period along each axis, µm

    @property
    def is_map(self) -> bool:
        """Whether this is a map of a 3-D stack."""
        return self.facets is not None

    def __post_init__(self) -> None:
        for field in fields(self):
            values = getattr(self, field.name)
            if field.name not in ("facets", "periods") and values is not None and values.shape != self.x_um.shape:
                raise ValueError(f"profile: {field.name} has shape {values.shape}, x_um {self.x_um.shape}")
        if self.is_map:
            return
        if self.x_um.ndim != 1 or len(self.x_um) < 2 or not np.all(np.diff(self.x_um) > 0):
            raise ValueError("profile: x_um must hold at least two strictly increasing places")


def chosen_fields(snapshot: Snapshot, names: Sequence[str]) -> Snapshot:
    """The snapshot with those of its fields that are in `names`. Raises UnknownQuantityError for a
    field that is not in the table of quantities."""
    for part, block in snapshot.blocks.items():
        check_fields(part, block.point_data)

    def chosen(block: Block) -> Block:
        return replace(block, point_data={name: values for name, values in block.point_data.items() if name in names})

    return Snapshot(snapshot.time_s, {part: chosen(block) for part, block in snapshot.blocks.items()})


def merge_snapshots(pieces: Sequence[Snapshot]) -> Snapshot:
    """Join the parts of one time, one per rank, into one snapshot (nodes shared by ranks stay
    double). Not collective."""
    names = pieces[0].blocks
    return Snapshot(pieces[0].time_s, {name: _join([piece.blocks[name] for piece in pieces]) for name in names})


def nothing_of(snapshot: Snapshot) -> Snapshot:
    """The same parts and fields without nodes: the contribution of a rank if another has all
    data."""

    def emptied(block: Block) -> Block:
        return replace(
            block,
            points=block.points[:0],
            cells=block.cells[:0],
            point_data={name: values[:0] for name, values in block.point_data.items()},
        )

    return Snapshot(snapshot.time_s, {part: emptied(block) for part, block in snapshot.blocks.items()})


def _join(blocks: Sequence[Block]) -> Block:
    first_node = np.cumsum([0] + [len(block.points) for block in blocks[:-1]])
    return Block(
        points=np.concatenate([block.points for block in blocks]),
        cells=np.concatenate([block.cells + start for block, start in zip(blocks, first_node, strict=True)]),
        cell_type=blocks[0].cell_type,
        point_data={name: np.concatenate([block.point_data[name] for block in blocks]) for name in blocks[0].point_data},
    )
