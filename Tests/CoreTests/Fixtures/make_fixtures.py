"""Makes the files beside it with NumPy and the official safetensors library (pip install numpy safetensors).

The array is always 0.5, 1.5, ... in the order of C, 2 x 3 x 4, unless its name says otherwise.
"""
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from safetensors.numpy import save_file

here = Path(__file__).parent
x = np.arange(24).reshape(2, 3, 4) + 0.5

np.save(here / "f4.npy", x.astype("<f4"))
np.save(here / "f8.npy", x.astype("<f8"))
np.save(here / "f4_big.npy", x.astype(">f4"))
np.save(here / "f8_big.npy", x.astype(">f8"))
np.save(here / "f8_fortran.npy", np.asfortranarray(x))
np.save(here / "f4_big_fortran.npy", np.asfortranarray(x.astype(">f4")))
np.save(here / "f2.npy", np.array([0, -0.0, 1, -2.5, 65504, 6e-8, 6.1e-5, np.inf, -np.inf], "<f2"))
np.save(here / "u1.npy", np.array([[0, 1], [128, 255]], "|u1"))
np.save(here / "i4.npy", np.array([-(2**31), -1, 0, 2**31 - 1], "<i4"))
np.save(here / "i8.npy", np.array([-(2**53), -1, 0, 2**53], "<i8"))
np.save(here / "i8_large.npy", np.array([0, 2**53 + 1], "<i8"))
np.save(here / "scalar.npy", np.array(2.5))
np.save(here / "vector.npy", np.array([1, 2, 3], "<f4"))
np.save(here / "empty.npy", np.zeros((0, 3), "<f4"))
np.save(here / "objects.npy", np.array([None, "a"], dtype=object))
np.save(here / "complex.npy", np.array([1j]))
np.save(here / "fields.npy", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f8")]))
for version in (2, 0), (3, 0):
    with open(here / f"version{version[0]}.npy", "wb") as file:
        npy.write_array(file, x.astype("<f4"), version=version)

save_file(
    {
        "weight": x.astype("<f4")[0],
        "bias": np.array([1.5, -2.0]),
        "state": np.array([1, 2**63, 2**64 - 1], "<u8"),
        "step": np.array(7, "<i8"),
        "half": np.array([1, -2.5], "<f2"),
        "bytes": np.frombuffer(b"hello", np.uint8),
        "nothing": np.zeros((0, 3), "<f4"),
        'odd "name"\n': np.array([True, False]),
    },
    here / "tensors.safetensors",
    metadata={"configuration": '{"epochs": 3, "path": "a\\b"}\t\u00e9\u0001'},
)
