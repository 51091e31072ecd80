"""GFPGAN 1.4 (Wang et al., 2021): a face of 512 px, sharper."""

from __future__ import annotations

import numpy as np

from deepmask.engines.insight import networks
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage


class Gfpgan:
    """Works on a face in FFHQ alignment."""

    side_px = 512

    def restore(self, aligned: RGBImage) -> RGBImage:
        """(512, 512, 3) in FFHQ alignment, and the same out."""
        if aligned.shape != (self.side_px, self.side_px, 3):
            raise EngineFailed(f"GFPGAN works on {self.side_px} x {self.side_px} px, got {aligned.shape}.")
        session = networks.restorer()
        values = aligned.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        out = np.asarray(networks.run(session, {session.get_inputs()[0].name: values}))[0].transpose(1, 2, 0)
        return np.rint(np.clip(out * 127.5 + 127.5, 0, 255)).astype(np.uint8)

    @property
    def providers(self) -> list[str]:
        """Where the network really runs, as onnxruntime calls it."""
        return networks.providers(networks.restorer())
