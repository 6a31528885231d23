"""A skin's joints and what stands above them, out of a glTF's nodes: bones, sizes and tips.

Exporters hang the body below a node that turns it upright and makes metres of centimetres, and some
give joints a scale: a node stands where the product of all above puts it (glTF 2.0, section 3.5). A
scale that is the same along all axes commutes with rotations, so it is worked into the bones below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pygltflib as gltf
import torch
from numpy import ndarray

from moclip import geometry
from moclip.skeletons.base import Skeleton, Vector

TIP = "_end"
"""What the name of a tip ends in, as with Blender and Mixamo."""
_MOST_NODES = 10_000
_ALIKE = 1e-3
"""Share by which scales may differ and count as one: a millimetre in a metre."""
_LARGEST = 1e15
"""No body has numbers beyond it, or scales beyond it or below its inverse."""


@dataclass(frozen=True, eq=False)
class Place:
    """How a node rests on the one above it."""

    turn: ndarray
    """Quaternion x, y, z, w."""
    move: ndarray
    """Metres."""
    unit: float
    """Metres in one unit of its translation."""
    below: float
    """Metres in one unit of the translations of its children."""


@dataclass(frozen=True, eq=False)
class Rig:
    """The nodes that move the joints: those above the root, topmost first, then the joints."""

    nodes: tuple[int, ...]
    """Their numbers in the file."""
    parents: tuple[int, ...]
    """Of each the place here of the one above it, which comes first; ``-1`` for the topmost."""
    places: tuple[Place, ...]
    body: Skeleton
    """The joints alone."""


def rig(nodes: Sequence[gltf.Node], own: set[int], sizes: Mapping[int, ndarray], name: str) -> Rig:
    """Of the joints ``own``; ``sizes`` are the keys that nodes have for their scale.

    Raises ``ValueError`` for joints that are no tree, and naming the node for one that is mirrored,
    stretched or sheared or changes its size.
    """
    tree = _Tree.of(nodes, name)
    joints = tree.joints(own)
    chain = (*tree.above(joints[0]), *joints)
    if len(chain) > _MOST_NODES:
        raise ValueError(f"{name}: a body of more than {_MOST_NODES:,} nodes is not read")
    at = {node: number for number, node in enumerate(chain)}
    parents = (-1, *(at[tree.parents[node]] for node in chain[1:]))
    places: list[Place] = []
    for node, parent in zip(chain, parents, strict=True):
        unit = places[parent].below if places else 1.0
        places.append(tree.place(node, unit, sizes.get(node)))
    return Rig(chain, parents, tuple(places), _body(tree, joints, parents, places))


def _body(
    tree: "_Tree", joints: Sequence[int], parents: Sequence[int], places: Sequence[Place]
) -> Skeleton:
    above = len(places) - len(joints)
    own = places[above:]
    names = tuple(tree.nodes[node].name or f"joint{node}" for node in joints)
    upper = (-1, *(parent - above for parent in parents[above + 1 :]))
    offsets = (_root(places[: above + 1]), *(_vector(place.move) for place in own[1:]))
    tips: list[tuple[int, str, Vector]] = []
    known = set(joints)
    for node, joint, place in zip(joints, names, own, strict=True):
        found = ((tip, tree.move(tip) * place.below) for tip in tree.tips(node, known))
        tips += [(tip, joint, _vector(move)) for tip, move in found if move.any()][:1]
    ends = tuple((joint, move) for _, joint, move in sorted(tips))
    return Skeleton(tree.name.rpartition(".")[0] or tree.name, names, upper, offsets, ends=ends)


def _root(places: Sequence[Place]) -> Vector:
    """Where the last of these rests, each hanging on the one before."""
    turned, at = np.eye(3), np.zeros(3)
    for place in places:
        at = at + turned @ place.move
        quaternion = torch.tensor(place.turn[[3, 0, 1, 2]])
        turned = turned @ geometry.quaternion_to_matrix(quaternion).numpy()
    return _vector(at)


def _vector(move: ndarray) -> Vector:
    x, y, z = map(float, move)
    return x, y, z


@dataclass(frozen=True, eq=False)
class _Tree:
    nodes: Sequence[gltf.Node]
    parents: Mapping[int, int]
    name: str

    @classmethod
    def of(cls, nodes: Sequence[gltf.Node], name: str) -> "_Tree":
        parents = {child: at for at, node in enumerate(nodes) for child in node.children or ()}
        return cls(nodes, parents, name)

    def joints(self, own: set[int]) -> list[int]:
        """The root first, then those of each next depth by their numbers."""
        roots = [node for node in own if self.parents.get(node) not in own]
        if len(roots) != 1:
            raise ValueError(f"{self.name} has {len(roots)} roots among its joints, wanted one")
        order, level = [], roots
        while level:
            order += level
            level = sorted(child for node in level for child in self._hanging(node) if child in own)
        if len(order) < len(own):
            raise ValueError(f"{self.name} has nodes that are their own ancestors")
        return order

    def above(self, node: int) -> list[int]:
        """All that a node hangs on, the topmost first."""
        found: dict[int, None] = {}
        while (node := self.parents.get(node, -1)) >= 0:
            if node in found:
                raise ValueError(f"{self.name} has nodes that are their own ancestors")
            found[node] = None
        return list(found)[::-1]

    def tips(self, joint: int, own: set[int]) -> Iterator[int]:
        """What hangs on a joint, is called a tip, is no joint and holds nothing."""
        for child in sorted(set(self._hanging(joint)) - own):
            node = self.nodes[child]
            holds = node.children or any(x is not None for x in (node.mesh, node.skin, node.camera))
            if not holds and (node.name or "").lower().endswith(TIP):
                yield child

    def _hanging(self, node: int) -> Iterator[int]:
        """Each child once."""
        children = dict.fromkeys(self.nodes[node].children or ())
        return (child for child in children if self.parents[child] == node)

    def place(self, number: int, unit: float, keys: ndarray | None) -> Place:
        """A node at rest where one unit of its translation is ``unit`` metres."""
        node = self.nodes[number]
        if node.matrix is None:
            turn = self._numbers(number, "rotation", (0.0, 0.0, 0.0, 1.0))
            scale = self._scale(number, self._numbers(number, "scale", (1.0, 1.0, 1.0)))
        else:
            turn, scale = self._parts(number)
        below = unit * (scale if keys is None else self._scale(number, keys))
        if not 1 / _LARGEST < below < _LARGEST:
            size = f"{below:g} with all above it, which is no body's size"
            raise ValueError(f"{self._called(number)} is scaled by {size}")
        return Place(turn, self.move(number) * unit, unit, below)

    def move(self, number: int) -> ndarray:
        """A node's translation, in its own unit."""
        if self.nodes[number].matrix is None:
            return self._numbers(number, "translation", (0.0, 0.0, 0.0))
        return self._numbers(number, "matrix", np.eye(4).ravel())[12:15]

    def _scale(self, number: int, scales: ndarray) -> float:
        """The one that stands for all of these."""
        least, most = float(scales.min()), float(scales.max())
        if not 0 < least <= most <= least * (1 + _ALIKE):
            given = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            wanted = "wanted one positive scale for all axes and all times"
            raise ValueError(f"{self._called(number)} is scaled by {given}, {wanted}")
        return least if least == most else float(np.median(scales))

    def _parts(self, number: int) -> tuple[ndarray, float]:
        """Rotation and scale of a node that has a matrix, which stands column by column."""
        whole = self._numbers(number, "matrix", np.eye(4).ravel()).reshape(4, 4).T
        linear = whole[:3, :3]
        scale = float(np.cbrt(np.linalg.det(linear)))
        lean = np.abs(linear.T @ linear - scale**2 * np.eye(3)).max()
        last = np.abs(whole[3] - (0, 0, 0, 1)).max()
        if scale <= 0 or lean > 2 * _ALIKE * scale**2 or last > _ALIKE:
            wanted = "a rotation, one positive scale and a translation"
            raise ValueError(f"{self._called(number)} has a matrix that is not made of {wanted}")
        quaternion = geometry.matrix_to_quaternion(torch.tensor(linear / scale))
        return quaternion.numpy()[[1, 2, 3, 0]], scale

    def _numbers(self, number: int, what: str, usual: Sequence[float] | ndarray) -> ndarray:
        given = getattr(self.nodes[number], what)
        found = np.array(usual if given is None else given, np.float64)
        if found.shape != np.shape(usual):
            wanted = f"{found.size} numbers, wanted {len(usual)}"
            raise ValueError(f"{self._called(number)} has a {what} of {wanted}")
        if not (np.abs(found) < _LARGEST).all():
            raise ValueError(
                f"{self._called(number)} has a {what} that is not finite, or too large"
            )
        return found

    def _called(self, number: int) -> str:
        name = self.nodes[number].name
        return f"{self.name}: node '{name}'" if name else f"{self.name}: node {number}"
