"""Names for the 468 points of MediaPipe FaceMesh that the painter needs, as lists, which NumPy takes as indices.

"R" is the person's right side, which lies at x < 0, on the viewer's left.
"""

from __future__ import annotations

from deepmask import landmark_points

COUNT = landmark_points.MESH_SIZE

OVAL: list[int] = [*landmark_points.OVAL]
JAW_LINE = [234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454]
FOREHEAD, CHIN, SIDE_R, SIDE_L, NOSE_TIP, NOSE_BRIDGE = 10, 152, 234, 454, 4, 6

EYE_R: list[int] = [*landmark_points.RIGHT_EYE]
EYE_L: list[int] = [*landmark_points.LEFT_EYE]

# rows from the outer to the inner corner of the eye
LID_R_UPPER = [33, 246, 161, 160, 159, 158, 157, 173, 133]
LID_L_UPPER = [263, 466, 388, 387, 386, 385, 384, 398, 362]
LID_R_LOWER = [33, 7, 163, 144, 145, 153, 154, 155, 133]
LID_L_LOWER = [263, 249, 390, 373, 374, 380, 381, 382, 362]
CREASE_R = [130, 247, 30, 29, 27, 28, 56, 190, 243]
CREASE_L = [359, 467, 260, 259, 257, 258, 286, 414, 463]

# rows from the temple to the nose
BROW_R_UPPER, BROW_R_LOWER = [70, 63, 105, 66, 107], [46, 53, 52, 65, 55]
BROW_L_UPPER, BROW_L_LOWER = [300, 293, 334, 296, 336], [276, 283, 282, 295, 285]

LIP_OUTER: list[int] = [*landmark_points.LIPS_OUTER]
LIP_INNER: list[int] = [*landmark_points.LIPS_INNER]
LIP_UPPER_EDGE = [191, 80, 81, 82, 13, 312, 311, 310, 415]
LIP_LOWER_EDGE = [95, 88, 178, 87, 14, 317, 402, 318, 324]
LIP_UPPER_BODY = [185, 40, 39, 37, 0, 267, 269, 270, 409, 184, 74, 73, 72, 11, 302, 303, 304, 408, 183, 42, 41, 38, 12,
                  268, 271, 272, 407]  # fmt: skip
LIP_LOWER_BODY = [146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86,
                  15, 316, 403, 319, 325]  # fmt: skip
LIP_UPPER_OUTLINE = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78]
LIP_CORNERS = [61, 291, 78, 308, 62, 292, 76, 306]
CORNER_R, CORNER_L, LIP_UPPER_MIDDLE, LIP_LOWER_MIDDLE = 61, 291, 13, 14
