"""Which of the 478 MediaPipe FaceMesh landmarks lie where.

Left and right are the person's own; in the picture of a person facing the camera LEFT_* lies to the right. The order
within a ring follows the contour. Source: mediapipe/python/solutions/face_mesh_connections.py.
"""

from __future__ import annotations

MESH_SIZE = 468
"""Points of the mesh; the ten after them are the irises."""

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""Outline of the face from the middle of the forehead, clockwise in the picture."""

LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_IRIS = (473, 474, 475, 476, 477)
RIGHT_IRIS = (468, 469, 470, 471, 472)
"""The pupil first, then four points of the rim."""
LEFT_BROW = (276, 283, 282, 295, 285, 336, 296, 334, 293, 300)
RIGHT_BROW = (46, 53, 52, 65, 55, 107, 66, 105, 63, 70)

LIPS_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
LIPS_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
LIPS = tuple(sorted({
    *LIPS_OUTER, *LIPS_INNER,
    62, 76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 292, 96, 89, 179, 86, 15, 316, 403, 319,
    325, 408, 304, 303, 302, 11, 72, 73, 74, 184, 183, 42, 41, 38, 12, 268, 271, 272, 407,
}))  # fmt: skip
"""All points of both lips."""

RIGID = (
    10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 33, 133, 362, 263, 127, 356, 234, 454, 103, 332,
    67, 297, 21, 251, 70, 300, 105, 334, 116, 345, 123, 352, 98, 327,
)  # fmt: skip
"""Points that hardly move with expression: forehead, nose, eye corners, cheek bones."""

LEFT_EYE_CORNERS = (263, 362)
RIGHT_EYE_CORNERS = (33, 133)
"""Outer corner first."""
MOUTH_CORNERS = (61, 291)
NOSE_TIP = 4
NOSE_BASE = 2
"""Where the nose meets the upper lip."""
FOREHEAD = 10
CHIN = 152
