"""Makes the pictures beside it, and as .npy what a reader should see in them: [C, H, W] in 0...1, and alpha as [H, W].

Pictures that Pillow writes, Pillow also decodes for the .npy; those it cannot write are put together here from the PNG
specification; JPEGs that Pillow cannot write come from make_jpegs.c. OpenCV resizes.
(pip install numpy Pillow opencv-python-headless)
"""
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps

here = Path(__file__).parent
random = np.random.default_rng(1)
height, width = 13, 20


def expect(name, samples, maximum, alpha=None):
    """Keeps what should be seen: samples [H, W] or [H, W, C]."""
    planes = samples[None] if samples.ndim == 2 else samples.transpose(2, 0, 1)
    np.save(here / f"{name}.npy", np.ascontiguousarray(planes.astype("f4") / np.float32(maximum)))
    if alpha is not None:
        np.save(here / f"{name}_alpha.npy", alpha.astype("f4") / np.float32(maximum))


def picture(channels):
    """A smooth picture with some noise, as JPEG and filters like it."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c / 2)) for c in range(channels)]
    return np.clip(np.stack(planes, -1) + random.normal(0, 8, (height, width, channels)), 0, 255).astype("u1")


# PNG by Pillow.
grey, colour, four = picture(1)[..., 0], picture(3), picture(4)
Image.fromarray(grey).save(here / "grey8.png")
expect("grey8", grey, 255)
Image.fromarray(colour).save(here / "rgb8.png")
expect("rgb8", colour, 255)
Image.fromarray(four).save(here / "rgba8.png")
expect("rgba8", four[..., :3], 255, four[..., 3])
Image.fromarray(four[..., :2], "LA").save(here / "grey_alpha8.png")
expect("grey_alpha8", four[..., 0], 255, four[..., 1])
Image.fromarray(grey > 128).save(here / "grey1.png")
expect("grey1", (grey > 128).astype("u1"), 1)
palette = Image.fromarray(colour).quantize(11)
palette.save(here / "palette.png")
expect("palette", np.asarray(palette.convert("RGB")), 255)
palette.save(here / "palette_transparent.png", transparency=bytes([0, 100, 200]))
seen = np.asarray(Image.open(here / "palette_transparent.png").convert("RGBA"))
expect("palette_transparent", seen[..., :3], 255, seen[..., 3])
Image.fromarray(grey.astype("u2") * 257 ^ 0x5A).save(here / "grey16.png")
expect("grey16", grey.astype("u2") * 257 ^ 0x5A, 65535)


# PNG by the specification.
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def rows(samples, depth):
    """Rows of [H, W, C] samples, unfiltered."""
    lines = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            packed = flat.astype(">u2").tobytes()
        else:
            bits = np.unpackbits(flat.astype("u1")[:, None], axis=1)[:, 8 - depth:]
            packed = np.packbits(bits.reshape(-1)).tobytes()
        lines += b"\0" + packed
    return lines


def png(name, samples, depth, kind, interlaced=False, extra=b""):
    samples = samples if samples.ndim == 3 else samples[..., None]
    if interlaced:
        starts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        passes = [samples[y::dy, x::dx] for y, x, dy, dx in starts]
        data = b"".join(rows(part, depth) for part in passes if part.size)
    else:
        data = rows(samples, depth)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, kind, 0, 0, int(interlaced))
    (here / f"{name}.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


rgb16 = random.integers(0, 65536, (5, 7, 3))
# A gamma and a profile must not touch the stored values.
png("rgb16", rgb16, 16, 2, extra=chunk(b"gAMA", struct.pack(">I", 100000)))
expect("rgb16", rgb16, 65535)
rgba16 = random.integers(0, 65536, (5, 7, 4))
png("rgba16", rgba16, 16, 6)
expect("rgba16", rgba16[..., :3], 65535, rgba16[..., 3])
png("interlaced", colour, 8, 2, interlaced=True)
expect("interlaced", colour, 255)
grey2 = random.integers(0, 4, (5, 7))
png("grey2_interlaced", grey2, 2, 0, interlaced=True)
expect("grey2_interlaced", grey2, 3)
grey4 = random.integers(0, 16, (5, 7))
png("grey4_transparent", grey4, 4, 0, extra=chunk(b"tRNS", struct.pack(">H", 9)))
expect("grey4_transparent", grey4, 15, (grey4 != 9) * 15)
rgb_key = random.integers(0, 2, (5, 7, 3)) * 255
png("rgb8_transparent", rgb_key, 8, 2, extra=chunk(b"tRNS", struct.pack(">HHH", 255, 0, 255)))
expect("rgb8_transparent", rgb_key, 255, (rgb_key != [255, 0, 255]).any(-1) * 255)

# JPEG.
def jpeg(name, image, **options):
    image.save(here / f"{name}.jpg", quality=90, **options)
    seen = ImageOps.exif_transpose(Image.open(here / f"{name}.jpg"))
    expect(name, np.asarray(seen if seen.mode == "L" else seen.convert("RGB")), 255)


jpeg("jpeg_grey", Image.fromarray(grey))
jpeg("jpeg_444", Image.fromarray(colour), subsampling=0)
jpeg("jpeg_420", Image.fromarray(colour), subsampling=2)
jpeg("jpeg_progressive", Image.fromarray(colour), subsampling=0, progressive=True)
jpeg("jpeg_cmyk", Image.fromarray(four, "CMYK"))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif[0x0112] = orientation
    jpeg(f"jpeg_orientation{orientation}", Image.fromarray(grey), exif=exif)

# JPEG by libjpeg.
with tempfile.TemporaryDirectory() as folder:
    program = Path(folder) / "make_jpegs"
    subprocess.run(["cc", here / "make_jpegs.c", "-ljpeg", "-lm", "-o", program], check=True)
    subprocess.run([program], cwd=here, check=True)
for name in ["410", "411", "441", "colour_finer", "rgb_420", "cmyk_420", "ycck_420", "arithmetic",
             "arithmetic_progressive"]:
    expect(f"jpeg_{name}", np.asarray(Image.open(here / f"jpeg_{name}.jpg").convert("RGB")), 255)

# Metadata, by Pillow: a profile, a resolution, and Exif with an orientation and the size as it was stored.
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
(here / "profile.icc").write_bytes(profile)
for orientation in [1, 6]:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif[0x0112] = orientation
    exif[0x011A], exif[0x011B] = 300.0, 150.0
    details = exif.get_ifd(0x8769)
    details[0x8827] = 200
    details[0xA002], details[0xA003] = width, height
    for ending in ["jpg", "png"]:
        Image.fromarray(colour).save(
            here / f"metadata{orientation}.{ending}", icc_profile=profile, exif=exif, dpi=(300, 150))

# PGM and PPM.
Image.fromarray(grey).save(here / "grey8.pgm")
Image.fromarray(colour).save(here / "rgb8.ppm")
(here / "grey16.pgm").write_bytes(
    b"P5 # sixteen bits\n20 13\n65535\n" + (grey.astype("u2") * 257 ^ 0x5A).astype(">u2").tobytes())

# Other sizes.
plane = colour.astype("f4") / 255
for name, size, method in [("smaller", (7, 5), cv2.INTER_AREA), ("larger", (33, 29), cv2.INTER_LINEAR)]:
    np.save(here / f"{name}.npy", np.ascontiguousarray(cv2.resize(plane, size, interpolation=method).transpose(2, 0, 1)))
