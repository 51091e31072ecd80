"""The network: a small U-Net (Ronneberger et al., 2015) on colours and what is left of them after smoothing."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (24, 32, 48, 64)
"""Channels at 1/2, 1/4, 1/8 and 1/16 of the picture's size."""

WITHOUT_COLOURS = 0.4
"""Share of the lessons in which only fine differences are shown."""

OPSET = 17


class Residual(nn.Module):
    """Colours, and the fine differences from the smoothed picture, cut off so that edges do not drown noise."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
        self.register_buffer("kernel", torch.outer(row, row).expand(3, 1, 5, 5).contiguous())

    def forward(self, rgb: Tensor) -> Tensor:
        """(b, 3, h, w) in 0..1 → (b, 6, h, w)."""
        smooth = functional.conv2d(rgb, self.kernel, padding=2, groups=3)
        colours = 2 * rgb - 1
        if self.training:  # without colours a face cannot be recognised, seams can
            colours = colours * (torch.rand(len(rgb), 1, 1, 1) > WITHOUT_COLOURS)
        return torch.cat((colours, (20 * (rgb - smooth)).clamp(-1.5, 1.5)), 1)


class Block(nn.Sequential):
    """Two 3 × 3 convolutions."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__(
            nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True),
        )  # fmt: skip


class UNet(nn.Module):
    """Works at half the picture's size, on squares of four pixels: nothing fine is lost, and it is quick."""

    def __init__(self) -> None:
        super().__init__()
        self.residual, self.fold = Residual(), nn.PixelUnshuffle(2)
        a, b, c, d = WIDTHS
        self.down1, self.down2, self.down3, self.down4 = Block(24, a), Block(a, b), Block(b, c), Block(c, d)
        self.up3, self.up2, self.up1 = Block(d + c, c), Block(c + b, b), Block(b + a, a)
        self.drop = nn.Dropout2d(0.1)
        self.out = nn.Conv2d(a, 1, 1)

    def forward(self, rgb: Tensor) -> Tensor:
        """(b, 3, h, w) in 0..1 with sides that 16 divides → (b, 1, h / 2, w / 2) logits."""
        one = self.down1(self.fold(self.residual(rgb)))
        two = self.down2(functional.max_pool2d(one, 2))
        three = self.down3(functional.max_pool2d(two, 2))
        four = self.drop(self.down4(functional.max_pool2d(three, 2)))
        three = self.up3(torch.cat((_twice(four), three), 1))
        two = self.up2(torch.cat((_twice(three), two), 1))
        return self.out(self.up1(torch.cat((_twice(two), one), 1)))


def _twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class _Product(nn.Module):
    """What is shipped: bytes in, probabilities out."""

    def __init__(self, net: UNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, rgb: Tensor) -> Tensor:
        return torch.sigmoid(self.net(rgb.permute(0, 3, 1, 2).float() / 255))[:, 0]


def export(net: UNet, path: Path) -> None:
    """Write the ONNX file: ``rgb`` (b, h, w, 3) uint8 → ``fake`` (b, h / 2, w / 2) float32 in 0..1."""
    example = torch.zeros(1, 192, 192, 3, dtype=torch.uint8)
    torch.onnx.export(
        _Product(net).eval(), (example,), str(path), opset_version=OPSET, dynamo=False,
        input_names=["rgb"], output_names=["fake"],
        dynamic_axes={"rgb": {0: "b", 1: "h", 2: "w"}, "fake": {0: "b", 1: "h", 2: "w"}},
    )  # fmt: skip
