"""Photo files in and out: what must survive, what must not, and what is refused in one sentence."""

import io
import itertools
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
import skimage.data
from PIL import Image, ImageCms, PngImagePlugin

from deepmask.errors import DeepmaskError, MediaError
from deepmask.media import Photo, find_photos, png16

pillow_heif.register_heif_opener()
EDIT = np.s_[8:24, 16:40]
RED = (200, 30, 60)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A small colour photo, 60 px high and 90 px wide, with every pixel its own."""
    return np.ascontiguousarray(skimage.data.astronaut()[20:80, 180:270])


def with_patch(rgb: np.ndarray, colour: tuple[int, int, int] = RED) -> np.ndarray:
    edited = rgb.copy()
    edited[EDIT] = colour
    return edited


def edited_and_back(path: Path, colour: tuple[int, int, int] = RED, out: str | None = None) -> tuple[Photo, Photo]:
    """The photo as opened, and as read back after a coloured patch was put on it and it was saved."""
    photo = Photo.open(path)
    target = path.with_name(f"masked_{out or path.name}")
    photo.edited(with_patch(photo.rgb, colour)).save(target)
    return photo, Photo.open(target)


def outside(samples: np.ndarray) -> np.ndarray:
    keep = np.ones(samples.shape[:2], bool)
    keep[EDIT] = False
    return samples[keep]


# -- pixels outside the edit ----------------------------------------------------------------------------------------


LOSSLESS = [
    *itertools.product([".png", ".tif", ".webp"], ["RGB", "RGBA", "L", "LA", "1", "P"]),
    *itertools.product([".bmp", ".gif"], ["RGB", "L", "1", "P"]),
]


@pytest.mark.parametrize(("suffix", "mode"), LOSSLESS)
def test_lossless_formats_keep_every_pixel_outside_the_edit(tmp_path, picture, suffix, mode):
    image = Image.fromarray(picture)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(picture[..., 1]))
    image = image.quantize(100) if mode == "P" else image.convert(mode)
    path = tmp_path / f"a{suffix}"
    image.save(path, **({"lossless": True, "exact": True} if suffix == ".webp" else {}))
    before, after = edited_and_back(path)
    assert after.format == before.format
    assert np.array_equal(outside(after.rgb), outside(before.rgb))
    assert (before.original.alpha is not None) == (mode in ("RGBA", "LA"))
    if before.original.alpha is not None:
        assert after.original.alpha is not None
        assert np.array_equal(after.original.alpha, before.original.alpha)
    colours_are_exact = suffix != ".gif" or mode == "P"
    if colours_are_exact:
        assert (after.rgb[EDIT] == RED).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_stay_16_bits(tmp_path, suffix, channels):
    samples = np.random.default_rng(1).integers(0, 65536, (60, 90, channels)).astype(np.uint16)
    samples[samples >> 8 == 90] += 256  # no pixel is what the grey mask is
    path = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(path), samples)
    colour = (90, 90, 90) if channels == 1 else RED
    edited_and_back(path, colour)
    back = cv2.imread(str(path.with_name(f"masked_{path.name}")), cv2.IMREAD_UNCHANGED)
    assert back.dtype == np.uint16
    back = back.reshape(60, 90, channels)
    assert np.array_equal(outside(back), outside(samples))
    # the low bits beneath the mask are those of the mask, not of the face
    assert (back[EDIT][..., :3] == [257 * v for v in colour[::-1][:channels]]).all()
    if channels == 4:
        assert np.array_equal(back[..., 3], samples[..., 3])


def test_grey_16_bit_becomes_16_bit_colour_for_a_coloured_mask(tmp_path):
    samples = np.random.default_rng(1).integers(0, 65536, (60, 90)).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "g.png"), samples)
    _, after = edited_and_back(tmp_path / "g.png")
    assert after.original.deep is not None
    assert np.array_equal(outside(after.original.deep[..., 0]), outside(samples))


def test_16_bit_grey_with_opacity(tmp_path):
    samples = np.random.default_rng(1).integers(0, 65536, (60, 90, 2)).astype(np.uint16)
    with (tmp_path / "la.png").open("wb") as file:
        png16.write(file, [samples], (90, 60), 2, None)
    for out in ("la.png", "la.tif"):
        before, after = edited_and_back(tmp_path / "la.png", (255, 255, 255), out)
        for photo in (before, after):
            assert photo.original.deep is not None
            deep = photo.original.deep.reshape(60, 90, -1)
            assert (outside(deep) == outside(samples[..., :1])).all()
            assert photo.original.alpha is not None
            assert np.array_equal(photo.original.alpha, samples[..., 1])


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_stays_grey_when_the_mask_is(tmp_path, picture, mode):
    image = Image.fromarray(picture).convert(mode)
    image.save(tmp_path / "g.png")
    photo = Photo.open(tmp_path / "g.png")
    grey = photo.edited(with_patch(photo.rgb, (255, 255, 255)))
    grey.save(tmp_path / "out.png")
    assert Image.open(tmp_path / "out.png").mode == mode
    assert grey.notes == photo.notes
    coloured = photo.edited(with_patch(photo.rgb))
    assert "the picture was greyscale and is in colour now" in coloured.notes


def test_gif_palette_keeps_old_colours_and_takes_new_ones(tmp_path, picture):
    Image.fromarray(picture).quantize(200).save(tmp_path / "a.gif")
    _, after = edited_and_back(tmp_path / "a.gif")
    assert (after.rgb[EDIT] == RED).all()
    Image.fromarray(picture).quantize(256).save(tmp_path / "full.gif")
    before, after = edited_and_back(tmp_path / "full.gif", colour=(120, 100, 90))
    assert np.array_equal(outside(after.rgb), outside(before.rgb))
    assert np.abs(after.rgb[EDIT].mean((0, 1)) - (120, 100, 90)).max() < 12


def test_palette_with_transparency(tmp_path, picture):
    image = Image.fromarray(picture).quantize(64)
    index = image.getpixel((80, 50))
    image.save(tmp_path / "p.png", transparency=index)
    before, after = edited_and_back(tmp_path / "p.png")
    assert before.original.alpha is not None
    assert after.original.alpha is not None
    assert after.original.alpha[50, 80] == 0
    assert np.array_equal(outside(after.rgb), outside(before.rgb))
    Photo.open(tmp_path / "p.png").save(tmp_path / "same.png")
    assert Image.open(tmp_path / "same.png").mode == "P"


def test_unedited_lossless_copy_is_identical(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    photo = Photo.open(tmp_path / "a.png")
    photo.save(tmp_path / "b.png")
    assert Photo.open(tmp_path / "b.png").fingerprint == photo.fingerprint == Photo.from_array(picture).fingerprint


# -- JPEG and the other lossy ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("quality", "subsampling", "progressive"), [(63, 2, True), (90, 1, False), (98, 0, False)])
def test_jpeg_is_compressed_as_its_source(tmp_path, quality, subsampling, progressive):
    Image.fromarray(skimage.data.astronaut()).save(
        tmp_path / "a.jpg", quality=quality, subsampling=subsampling, progressive=progressive
    )
    before, after = edited_and_back(tmp_path / "a.jpg")
    assert after.original.jpeg == before.original.jpeg
    assert after.original.jpeg is not None
    assert (after.original.jpeg.subsampling, after.original.jpeg.progressive) == (subsampling, progressive)
    error = outside(after.rgb).astype(float) - outside(before.rgb)
    assert 10 * np.log10(255**2 / (error**2).mean()) > 42


@pytest.mark.parametrize("suffix", [".heic", ".avif", ".webp"])
def test_lossy_modern_formats_come_back_in_their_format(tmp_path, picture, suffix):
    Image.fromarray(picture).save(tmp_path / f"a{suffix}")
    before, after = edited_and_back(tmp_path / f"a{suffix}")
    assert after.format == before.format
    error = outside(after.rgb).astype(float) - outside(before.rgb)
    assert 10 * np.log10(255**2 / (error**2).mean()) > 35


def test_cmyk_becomes_rgb_and_says_so(tmp_path, picture):
    Image.fromarray(picture).convert("CMYK").save(tmp_path / "c.jpg", quality=95)
    before, after = edited_and_back(tmp_path / "c.jpg")
    assert "converted from CMYK to RGB" in before.notes
    assert np.abs(before.rgb.astype(float) - picture).mean() < 4
    assert Image.open(tmp_path / "masked_c.jpg").mode == "RGB"
    assert after.size_wh == (90, 60)


# -- metadata -------------------------------------------------------------------------------------------------------

SECRET = "Jane Q. Public"


def telling_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET
    exif.get_ifd(0x8769).update({0x9286: b"ASCII\0\0\0" + SECRET.encode(), 0x927C: SECRET.encode()})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_orientation_is_honoured_and_all_metadata_gone(tmp_path, picture, suffix, orientation):
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><creator>{SECRET}</creator></x:xmpmeta>'.encode()
    options = {"exif": telling_exif(orientation), "xmp": xmp, "lossless": True, "quality": 95}
    if suffix == ".png":
        del options["xmp"]
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", SECRET)
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    elif suffix == ".tif":
        options = {"exif": options["exif"]}
        options["exif"][700] = xmp
    path = tmp_path / f"a{suffix}"
    Image.fromarray(picture).save(path, **options)
    assert SECRET.encode() in path.read_bytes()
    before, after = edited_and_back(path)
    assert before.size_wh == after.size_wh == ((90, 60) if orientation < 5 else (60, 90))
    upright = np.asarray(Image.fromarray(picture).transpose(TURNS[orientation]) if orientation > 1 else picture)
    assert np.abs(before.rgb.astype(float) - upright).mean() < 6
    assert np.abs(outside(after.rgb).astype(float) - outside(upright)).mean() < 6
    written = path.with_name(f"masked_{path.name}").read_bytes()
    assert SECRET.encode() not in written
    assert not any(mark in written for mark in (b"Exif", b"xmpmeta", b"adobe.com", b"GPS", b"tEXt", b"iTXt"))
    clean = Image.open(io.BytesIO(written)).getexif()
    assert not {0x0112, 0x010F, 0x8769, 0x8825} & set(clean) or clean.get(0x0112) == 1
    named = "camera data" if suffix == ".tif" else "GPS position"  # Pillow does not write GPS data to TIFF files
    assert any(named in note for note in before.notes)


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def test_heic_metadata_and_orientation(tmp_path, picture):
    Image.fromarray(picture).save(
        tmp_path / "a.heic", exif=telling_exif(6).tobytes(), xmp=b"<x:xmpmeta>Jane Q. Public", quality=95
    )
    assert SECRET.encode() in (tmp_path / "a.heic").read_bytes()
    before, _ = edited_and_back(tmp_path / "a.heic")
    assert before.size_wh == (60, 90)
    assert SECRET.encode() not in (tmp_path / "masked_a.heic").read_bytes()


def test_16_bit_orientation(tmp_path):
    samples = np.random.default_rng(1).integers(0, 65536, (60, 90, 3)).astype(np.uint16)
    exif = telling_exif(8).tobytes()[6:]
    data = cv2.imencode(".png", samples)[1].tobytes()
    (tmp_path / "a.png").write_bytes(data[:33] + png_chunk(b"eXIf", exif) + data[33:])
    photo = Photo.open(tmp_path / "a.png")
    assert photo.original.deep is not None
    assert np.array_equal(photo.original.deep, np.rot90(samples[..., ::-1]))


def test_jpeg_comment_thumbnail_iptc_and_second_pictures_are_gone(tmp_path, picture):
    image, second = Image.fromarray(picture), Image.fromarray(picture[::-1])
    image.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second], comment=SECRET)
    data = (tmp_path / "a.jpg").read_bytes()
    iptc = b"Photoshop 3.0\0" + SECRET.encode()
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xed" + (len(iptc) + 2).to_bytes(2, "big") + iptc + data[2:])
    before, after = edited_and_back(tmp_path / "a.jpg")
    written = (tmp_path / "masked_a.jpg").read_bytes()
    assert after.format == "JPEG"
    assert SECRET.encode() not in written
    assert b"MPF" not in written
    assert written.count(b"\xff\xd8\xff") == 1
    assert any("further pictures" in note for note in before.notes)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif", ".heic"])
def test_colour_profile_is_kept(tmp_path, picture, suffix):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(picture).save(tmp_path / f"a{suffix}", icc_profile=profile)
    edited_and_back(tmp_path / f"a{suffix}")
    assert Image.open(tmp_path / f"masked_a{suffix}").info["icc_profile"] == profile


def test_16_bit_files_keep_the_profile(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    samples = np.zeros((60, 90, 3), np.uint16)
    data = cv2.imencode(".png", samples)[1].tobytes()
    chunk = png_chunk(b"iCCP", b"p\0\0" + zlib.compress(profile))
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    for out in ("a.png", "a.tif"):
        edited_and_back(tmp_path / "a.png", out=out)
        assert Image.open(tmp_path / f"masked_{out}").info["icc_profile"] == profile


def profile_with(tags: dict[bytes, bytes], version: int) -> bytes:
    """The sRGB profile with more tags at its end."""
    base = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = int.from_bytes(base[128:132], "big")
    shift = 12 * len(tags)
    rows = [base[132 + 12 * n : 144 + 12 * n] for n in range(count)]
    table = b"".join(r[:4] + (int.from_bytes(r[4:8], "big") + shift).to_bytes(4, "big") + r[8:] for r in rows)
    body = base[132 + 12 * count :]
    for name, data in tags.items():
        table += name + (132 + 12 * count + shift + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data
    whole = base[:128] + (count + len(tags)).to_bytes(4, "big") + table + body
    return len(whole).to_bytes(4, "big") + whole[4:8] + bytes([version]) + whole[9:48] + b"MONI1234" + whole[56:]


@pytest.mark.parametrize("version", [2, 4])
def test_the_profile_of_a_monitor_keeps_its_colours_and_loses_its_owner(tmp_path, picture, version):
    told = {b"mmod": b"mmod\0\0\0\0serial 4711.", b"meta": b"dict\0\0\0\0" + SECRET.encode() + b"\0\0"}
    profile = profile_with(told, version)
    Image.fromarray(picture).save(tmp_path / "shot.png", icc_profile=profile)
    edited_and_back(tmp_path / "shot.png")
    kept = Image.open(tmp_path / "masked_shot.png").info["icc_profile"]
    for secret in (b"4711", SECRET.encode(), b"MONI", b"mmod"):
        assert secret in profile
        assert secret not in kept
    srgb, image = ImageCms.createProfile("LAB"), Image.fromarray(picture)
    before, after = (
        np.asarray(ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(p)), srgb, outputMode="LAB"))
        for p in (profile, kept)
    )
    assert np.array_equal(before, after)


def test_what_hides_behind_the_tags_of_a_profile_is_left_out(tmp_path, picture):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET.encode() * 3
    profile = len(profile).to_bytes(4, "big") + profile[4:]
    Image.fromarray(picture).save(tmp_path / "a.png", icc_profile=profile)
    edited_and_back(tmp_path / "a.png")
    kept = Image.open(tmp_path / "masked_a.png").info["icc_profile"]
    assert SECRET.encode() not in kept
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(kept))).strip() == "Colour profile"


@pytest.mark.parametrize(
    "spoil", [lambda p: p[:128] + b"\xff" * 4 + p[132:], lambda p: p[:136] + b"\xff" * 4 + p[140:]]
)
def test_a_profile_whose_table_leads_nowhere_is_left_out(tmp_path, picture, spoil):
    profile = spoil(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    Image.fromarray(picture).save(tmp_path / "a.png", icc_profile=profile)
    edited_and_back(tmp_path / "a.png")
    assert "icc_profile" not in Image.open(tmp_path / "masked_a.png").info


def test_broken_profile_is_left_out(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png", icc_profile=b"no profile at all" * 20)
    edited_and_back(tmp_path / "a.png")
    assert "icc_profile" not in Image.open(tmp_path / "masked_a.png").info


# -- animations and names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_first_frame_of_an_animation(tmp_path, picture, suffix):
    frames = [Image.fromarray(picture), Image.fromarray(picture[::-1])]
    options = {"lossless": True} if suffix == ".webp" else {}
    frames[0].save(tmp_path / f"a{suffix}", save_all=True, append_images=frames[1:], duration=100, **options)
    before, _ = edited_and_back(tmp_path / f"a{suffix}")
    assert any("first frame" in note for note in before.notes)
    assert np.abs(before.rgb.astype(float) - picture).mean() < 10
    assert getattr(Image.open(tmp_path / f"masked_a{suffix}"), "n_frames", 1) == 1


def test_odd_names_and_wrong_suffixes(tmp_path, picture):
    path = tmp_path / "мой  снимок – ça.jpg"
    Image.fromarray(picture).save(path, "PNG")
    photo = Photo.open(path)
    assert (photo.format, photo.name) == ("PNG", path.name)
    photo.save(tmp_path / "aus gabe ñ.webp")
    assert Photo.open(tmp_path / "aus gabe ñ.webp").format == "WEBP"
    photo.save(tmp_path / "no suffix")
    assert Photo.open(tmp_path / "no suffix").format == "PNG"


def test_opacity_is_laid_on_white_for_jpeg(tmp_path, picture):
    image = Image.fromarray(picture)
    image.putalpha(0)
    image.save(tmp_path / "a.png")
    Photo.open(tmp_path / "a.png").save(tmp_path / "a.jpg")
    assert (Photo.open(tmp_path / "a.jpg").rgb > 250).all()


def test_array_photo(tmp_path, picture):
    photo = Photo.from_array(picture, "shot.jpg")
    assert (photo.format, photo.size_wh, photo.suffix, photo.notes) == ("JPEG", (90, 60), ".jpg", ())
    with pytest.raises(ValueError, match="read-only"):
        photo.rgb[0, 0] = 0
    with pytest.raises(ValueError, match="keeps the size"):
        photo.edited(picture[:10])
    photo.save(tmp_path / "x.png")
    assert np.array_equal(Photo.open(tmp_path / "x.png").rgb, picture)


# -- refused --------------------------------------------------------------------------------------------------------


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png_file(width: int, height: int, *chunks: bytes, pixels: bytes = b"") -> bytes:
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    body = png_chunk(b"IHDR", header) + b"".join(chunks) + png_chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IEND", b"")


def gif_with_a_giant_frame() -> bytes:
    frame = b"," + bytes(4) + b"\xff\xff\xff\xff\0" + b"\x02\x02\x4c\x01\0;"
    return b"GIF89a\x0a\0\x0a\0\x80\0\0" + bytes(6) + frame


def tiff_that_claims(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (10, 10)).save(file, "TIFF")
    data = file.getvalue()
    for tag, value in ((0x100, width), (0x101, height)):
        at = data.index(tag.to_bytes(2, "little") + b"\x04\0\x01\0\0\0")
        data = data[: at + 8] + value.to_bytes(4, "little") + data[at + 12 :]
    return data


REFUSED = {
    "empty.jpg": (b"", "is empty"),
    "text.jpg": (b"hello world, this is text", "is not a picture we can read"),
    "office.png": (b"PK\x03\x04" + bytes(100), "is not a picture we can read"),
    "drawing.svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing"),
    "paper.pdf": (b"%PDF-1.7\n", "is a PDF document"),
    "clip.mp4": (b"\0\0\0\x20ftypisom" + bytes(64), "is a video"),
    "clip.jpg": (b"\x1aE\xdf\xa3" + bytes(64), "is a video"),
    "song.mp3": (b"ID3\x04" + bytes(64), "is a sound"),
    "raw.nef": (b"MM\0*" + bytes(64), "camera raw"),
    "nothing.png": (png_file(0, 10), "is not a picture we can read"),
    "bomb.png": (png_file(60_000, 60_000), "3600 megapixels"),
    "bomb.gif": (gif_with_a_giant_frame(), "megapixels"),
    "bomb.tif": (tiff_that_claims(60_000, 60_000), "megapixels"),
    "claims.tif": (tiff_that_claims(13_000, 13_000), "damaged or incomplete"),
    "short.png": (png_file(100, 100, pixels=bytes(50)), "damaged or incomplete"),
    "text_bomb.png": (
        png_file(1, 1, png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000))), pixels=bytes(4)),
        "damaged or incomplete",
    ),
    "profile_bomb.png": (
        png_file(1, 1, png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(80_000_000))), pixels=bytes(4)),
        "damaged or incomplete",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("error")
def test_refused_in_one_sentence(tmp_path, capfd, name):
    data, expected = REFUSED[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(MediaError, match=expected) as caught:
        Photo.open(tmp_path / name)
    sentence = str(caught.value)
    assert sentence.startswith(name)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".bmp", ".tif", ".webp", ".avif", ".heic"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.98])
def test_truncated_files_are_refused(tmp_path, picture, suffix, share):
    Image.fromarray(picture).save(tmp_path / f"a{suffix}")
    data = (tmp_path / f"a{suffix}").read_bytes()
    (tmp_path / f"a{suffix}").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MediaError, match=r"damaged|not a picture"):
        Photo.open(tmp_path / f"a{suffix}")


@pytest.mark.filterwarnings("error")
def test_size_limit_is_ours(tmp_path):
    Image.new("1", (12_000, 10_000)).save(tmp_path / "big.png")
    with pytest.raises(MediaError, match="120 megapixels and at most 100"):
        Photo.open(tmp_path / "big.png", max_megapixels=100)
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = 10_000
    try:
        Image.new("RGB", (300, 300)).save(tmp_path / "small.png")
        assert Photo.open(tmp_path / "small.png").size_wh == (300, 300)
        assert Image.MAX_IMAGE_PIXELS == 10_000
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def test_missing_file_folder_and_measurements(tmp_path):
    with pytest.raises(MediaError, match="does not exist"):
        Photo.open(tmp_path / "gone.jpg")
    with pytest.raises(MediaError, match="is a folder"):
        Photo.open(tmp_path)
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "f.tif")
    with pytest.raises(MediaError, match="32-bit"):
        Photo.open(tmp_path / "f.tif")


def test_saving_is_refused_or_whole(tmp_path, picture):
    photo = Photo.from_array(picture)
    with pytest.raises(MediaError, match=r"cannot be saved as '\.xyz'"):
        photo.save(tmp_path / "a.xyz")
    wide = Photo.from_array(np.zeros((1, 20_000, 3), np.uint8))
    with pytest.raises(MediaError, match="16383 pixels a side"):
        wide.save(tmp_path / "a.webp")
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(DeepmaskError):
        photo.save(tmp_path / "taken.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["taken.png"]


def test_one_pixel(tmp_path):
    Image.new("RGB", (1, 1), RED).save(tmp_path / "one.png")
    photo = Photo.open(tmp_path / "one.png")
    photo.edited(photo.rgb.copy()).save(tmp_path / "out.jpg")
    assert Photo.open(tmp_path / "out.jpg").size_wh == (1, 1)


# -- folders and imports --------------------------------------------------------------------------------------------


def test_find_photos(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.png", "sub/c.heic", ".cache/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_photos([tmp_path / "notes.txt", tmp_path, tmp_path / "a.png"])
    assert [str(p.relative_to(tmp_path)) for p in found] == ["notes.txt", "a.png", "b.JPG", "sub/c.heic"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="has no photos"):
        find_photos([tmp_path / "empty"])
    with pytest.raises(MediaError, match="does not exist"):
        find_photos([tmp_path / "gone"])


def test_importing_media_is_light():
    code = (
        "import sys, deepmask.media; print([m for m in ('PIL', 'cv2', 'tifffile', 'pillow_heif') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
