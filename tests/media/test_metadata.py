"""What files hold beside their samples is named, so that nobody loses it, or trusts it, without knowing."""

import contextlib
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import data

from deepmask.content_credentials import Claim, Identity, Step, sign
from deepmask.errors import MediaError
from deepmask.media import Photo

SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


def chunk(name, content):
    """Of a PNG file."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def primaries(*numbers):
    return chunk(b"cHRM", struct.pack(">8I", *numbers))


@pytest.fixture
def png(tmp_path):
    """Writes a PNG file with more chunks, behind the header and before the end."""
    path = tmp_path / "a.png"

    def written(early=b"", late=b"", **options):
        Image.fromarray(data.astronaut()[:80, :90]).save(path, **options)
        whole = path.read_bytes()
        path.write_bytes(whole[:33] + early + whole[33:-12] + late + whole[-12:])
        return Photo.open(path)

    return written


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".heic", ".avif", ".gif"])
def test_content_credentials_are_named_before_they_are_left_out(tmp_path, suffix):
    plain, path = tmp_path / f"plain{suffix}", tmp_path / f"signed{suffix}"
    Photo.from_array(data.astronaut(), plain.name).save(plain)
    assert Photo.open(plain).notes == ()
    sign(plain, path, Claim((Step("Taken by Anna"),)), Identity(b"a" * 32, 5, "Anna"))
    assert Photo.open(path).notes == ("removed from the copy: content credentials",)
    assert Photo.open(path).original.beside == ("content credentials",)
    assert Photo.open(path).notes_on_looking == ()


@pytest.mark.parametrize(
    ("early", "kinds"),
    [
        (chunk(b"gAMA", struct.pack(">I", 250_000)), ("gamma",)),
        (primaries(*SRGB[:2], *SRGB[6:], *SRGB[2:6]), ("primaries",)),
        (chunk(b"cICP", bytes([9, 16, 0, 1])), ("colour space",)),
        (chunk(b"cLLI", bytes(8)), ("colour space",)),
        (chunk(b"tIME", bytes([7, 228, 1, 1, 0, 0, 0])), ("date",)),
    ],
    ids=["gamma", "primaries", "HDR", "brightness", "date"],
)
def test_what_changes_colours_or_tells_of_the_maker_is_named(png, early, kinds):
    photo = png(early)
    assert photo.original.beside == kinds
    assert photo.notes == (f"removed from the copy: {', '.join(kinds)}",)


def test_a_word_for_the_usual_colours_is_no_change(png):
    usual = chunk(b"sRGB", b"\0") + chunk(b"gAMA", struct.pack(">I", 45455)) + primaries(*SRGB)
    assert png(usual).notes == ()
    assert png(chunk(b"cICP", bytes([1, 13, 0, 1]))).notes == ()


def test_a_word_beside_a_profile_is_a_contradiction(png):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert png(icc_profile=profile).original.beside == ()
    assert png(chunk(b"cICP", bytes([1, 13, 0, 1])), icc_profile=profile).original.beside == ("colour space",)


def test_what_nobody_misses_is_known_and_not_told(png, tmp_path):
    assert png(chunk(b"pHYs", struct.pack(">IIB", 1, 40, 0))).original.beside == ("print size",)
    assert png(late=chunk(b"zzZz", b"hidden")).original.beside == ("other data",)
    photo = png(icc_profile=b"not a profile at all")
    assert photo.original.beside == ("unfit colour profile",)
    assert photo.notes == ()
    longer = tmp_path / "longer.png"
    longer.write_bytes((tmp_path / "a.png").read_bytes() + b"PK")
    assert "other data" in Photo.open(longer).original.beside


def test_colours_of_tiff_and_bmp_files_are_named(tmp_path):
    image = Image.fromarray(data.astronaut()[:80, :90])
    image.save(tmp_path / "a.tif", tiffinfo={318: (0.3127, 0.329), 319: (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)})
    assert Photo.open(tmp_path / "a.tif").original.beside == ()
    image.save(tmp_path / "a.tif", tiffinfo={319: (0.15, 0.06, 0.3, 0.6, 0.64, 0.33)})
    assert Photo.open(tmp_path / "a.tif").original.beside == ("primaries",)
    image.save(tmp_path / "a.bmp")
    plain = (tmp_path / "a.bmp").read_bytes()
    assert Photo.open(tmp_path / "a.bmp").original.beside == ()
    shift = 108 - 40  # BITMAPV4HEADER instead of BITMAPINFOHEADER, calibrated colours with a gamma of 3
    head = plain[:2] + struct.pack("<I", len(plain) + shift) + plain[6:10] + struct.pack("<I", 54 + shift)
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0)
    more = masks + bytes(4) + bytes(36) + struct.pack("<3I", 3 << 16, 3 << 16, 3 << 16)
    (tmp_path / "b.bmp").write_bytes(head + struct.pack("<I", 108) + plain[18:54] + more + plain[54:])
    read = Photo.open(tmp_path / "b.bmp")
    assert np.array_equal(read.rgb, data.astronaut()[:80, :90])
    assert read.original.beside == ("colour space",)


def test_files_that_were_cut_or_spoilt_are_looked_at_all_the_same(tmp_path):
    rng = np.random.default_rng(3)
    for suffix in (".png", ".webp", ".gif", ".bmp", ".avif", ".tif"):
        path = tmp_path / f"a{suffix}"
        Image.fromarray(data.astronaut()[:80, :90]).save(path)
        whole = bytearray(path.read_bytes())
        for _ in range(20):
            spoilt = whole.copy()
            for at in rng.integers(8, len(whole), 3):
                spoilt[at] ^= int(rng.integers(1, 256))
            path.write_bytes(spoilt[: int(rng.integers(20, len(whole)))] if rng.random() < 0.3 else spoilt)
            with contextlib.suppress(MediaError):
                Photo.open(path)
