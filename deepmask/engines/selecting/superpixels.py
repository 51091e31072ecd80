"""Superpixels (SLIC; Achanta et al., 2012) and the tree in which they grow together, the most alike first.

What a click may mean are the nodes above it in that tree: the spot, the part, the thing, the group. A thing is told by
how long it stays: it takes a far greater difference to join it with its surroundings than it took to put it together.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Mask
from deepmask.faces import RGBImage

COUNT = 700
"""Superpixels of a view, about."""
_COMPACTNESS = 12.0
_TOGETHER = 0.6
"""How likely one thing for all points must be, in likelihoods of the least of one thing for each."""
_EVEN = 6.0
"""Differences below this, in CIELAB, are noise."""
_LEAST_SHARE, _MOST_SHARE = 0.003, 0.6
"""Of the view: smaller nodes are spots, larger ones are no single thing."""
_LARGER, _BORDER = 0.25, 2.2
"""How much being large speaks for a thing, and being along the border of the view against it."""

Labels = NDArray[np.int32]
"""(h, w), the number of the superpixel each pixel belongs to."""


@dataclass(frozen=True)
class Node:
    """Superpixels that grew together."""

    members: tuple[int, ...]
    """Numbers of superpixels."""
    pixels: int
    born: float
    """The difference that was overcome to put it together."""
    dies: float
    """The difference that will be overcome to join it with something else."""
    border: float
    """Share of the view's own border that it touches, 0..1."""


@dataclass(frozen=True)
class Superpixels:
    """A view cut into superpixels."""

    labels: Labels
    lab: NDArray[np.float32]
    """(N, 3): mean CIELAB colours."""
    sizes: NDArray[np.int64]
    """(N,) pixels."""
    border: NDArray[np.float64]
    """(N,): share of the view's border."""
    pairs: NDArray[np.int64]
    """(M, 2): neighbours, the lower number first."""
    lengths: NDArray[np.float64]
    """(M,) pixels of the line between them."""
    contrasts: NDArray[np.float64]
    """(M,): how much colours change across that line, CIELAB."""

    def mask(self, members: Sequence[int]) -> Mask:
        """(h, w): where some of them lie."""
        chosen = np.zeros(len(self.sizes), bool)
        chosen[list(members)] = True
        return chosen[self.labels]


def cut(view: RGBImage) -> Superpixels:
    """Cut a view of a few hundred pixels a side."""
    from skimage.segmentation import slic

    lab = cv2.cvtColor(view.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    labels = slic(view, COUNT, _COMPACTNESS, sigma=0.7, start_label=0, enforce_connectivity=True)
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    sizes = np.bincount(labels.ravel())
    means = np.stack([np.bincount(labels.ravel(), lab[..., c].ravel()) for c in range(3)], 1) / sizes[:, None]
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    border = np.bincount(frame, minlength=len(sizes)) / len(frame)
    pairs, lengths, contrasts = _lines(labels, cv2.GaussianBlur(lab, (0, 0), 1.0))
    return Superpixels(labels, means.astype(np.float32), sizes, border, pairs, lengths, contrasts)


def _lines(labels: Labels, lab: NDArray) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Neighbours, the length of the line between each two, and how much colours change from before it to behind it."""
    reach = 2
    found = []
    for axis in (0, 1):
        a, b = (labels[:-1], labels[1:]) if axis == 0 else (labels[:, :-1], labels[:, 1:])
        y, x = np.nonzero(a != b)
        near, far = np.stack([y, x]), np.stack([y, x])
        near[axis] = np.maximum(near[axis] - reach, 0)
        far[axis] = np.minimum(far[axis] + 1 + reach, labels.shape[axis] - 1)
        change = np.linalg.norm(lab[near[0], near[1]] - lab[far[0], far[1]], axis=1)
        found.append(np.stack([np.minimum(a[y, x], b[y, x]), np.maximum(a[y, x], b[y, x]), change], 1))
    lines = np.concatenate(found)
    pairs, which = np.unique(lines[:, :2].astype(np.int64), axis=0, return_inverse=True)
    lengths = np.bincount(which.ravel(), minlength=len(pairs)).astype(float)
    return pairs, lengths, np.bincount(which.ravel(), lines[:, 2], len(pairs)) / lengths


def nodes_with(superpixels: Superpixels, inside: Sequence[int], outside: Sequence[int]) -> list[Node]:
    """The nodes that hold all of ``inside`` and none of ``outside``, the smallest first.

    Regions are joined by the least difference, which is that of their mean colours and of what changes across the line
    between them, less where one of them is small (Ward).
    """
    n = len(superpixels.sizes)
    members: dict[int, tuple[int, ...]] = {i: (i,) for i in range(n)}
    lab = dict(enumerate(superpixels.lab.astype(float)))
    sizes = dict(enumerate(superpixels.sizes.astype(float)))
    border = dict(enumerate(superpixels.border))
    lines: dict[int, dict[int, tuple[float, float]]] = {i: {} for i in range(n)}
    for (a, b), length, contrast in zip(superpixels.pairs, superpixels.lengths, superpixels.contrasts, strict=True):
        lines[int(a)][int(b)] = lines[int(b)][int(a)] = (length, contrast)
    mean_size = superpixels.sizes.mean()

    def difference(a: int, b: int) -> float:
        smaller = min(sizes[a], sizes[b])
        weight = min(1.0, (smaller / (4 * mean_size)) ** 0.5)
        return weight * (0.5 * float(np.linalg.norm(lab[a] - lab[b])) + 0.5 * lines[a][b][1])

    heap = [(difference(int(a), int(b)), int(a), int(b)) for a, b in superpixels.pairs]
    heapq.heapify(heap)
    followed, born, found = min(inside), 0.0, []
    height, fresh = 0.0, n
    while heap:
        value, a, b = heapq.heappop(heap)
        if a not in members or b not in members:
            continue
        height = max(height, value)
        if followed in (a, b):
            found.append(Node(members[followed], int(sizes[followed]), born, height, border[followed]))
            followed, born = fresh, height
        members[fresh] = members.pop(a) + members.pop(b)
        total = sizes[a] + sizes[b]
        lab[fresh] = (lab[a] * sizes[a] + lab[b] * sizes[b]) / total
        sizes[fresh], border[fresh] = total, border[a] + border[b]
        lines[fresh] = {}
        for old in (a, b):
            for other, (length, contrast) in lines.pop(old).items():
                if other in (a, b):
                    continue
                known = lines[fresh].get(other, (0.0, 0.0))
                both = known[0] + length
                lines[fresh][other] = (both, (known[0] * known[1] + length * contrast) / both)
        for other, line in lines[fresh].items():
            lines[other].pop(a, None)
            lines[other].pop(b, None)
            lines[other][fresh] = line
            heapq.heappush(heap, (difference(fresh, other), fresh, other))
        fresh += 1
    return [node for node in found if set(inside) <= set(node.members) and not set(outside) & set(node.members)]


def meant(superpixels: Superpixels, inside: Sequence[int], outside: Sequence[int]) -> list[int]:
    """The superpixels of the thing that those ``inside`` are in, without those ``outside``.

    Several may lie in one thing; where the least that holds them all is hardly one, they mean one each.
    """
    nodes = [_most_lasting(superpixels, nodes_with(superpixels, [cell], outside)) for cell in dict.fromkeys(inside)]
    together = _most_lasting(superpixels, nodes_with(superpixels, inside, outside)) if len(nodes) > 1 else None
    apart = [node for node in nodes if node is not None]
    least = min((_likelihood(superpixels, node) for node in apart), default=0.0)
    if together is not None and _likelihood(superpixels, together) >= _TOGETHER * least:
        apart = [together]
    return sorted({*inside, *(cell for node in apart for cell in node.members)})


def _most_lasting(superpixels: Superpixels, nodes: Sequence[Node]) -> Node | None:
    """The node that is most likely a thing: long-lived, rather large, and not along the border of the view."""
    view = superpixels.sizes.sum()
    small = [node for node in nodes if node.pixels <= _MOST_SHARE * view]
    able = [node for node in small if node.pixels >= _LEAST_SHARE * view] or small[-1:]
    return max(able, key=lambda node: _likelihood(superpixels, node), default=None)


def _likelihood(superpixels: Superpixels, node: Node) -> float:
    share = node.pixels / superpixels.sizes.sum()
    lasting = (node.dies + _EVEN) / (node.born + _EVEN)
    return lasting * share**_LARGER * max(0.05, 1 - _BORDER * node.border)
