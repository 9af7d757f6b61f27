"""Megatron-LM's .bin/.idx with numpy alone. The index, all little-endian: magic (9 bytes), u64 version 1, u8 dtype,
u64 sequences S, u64 documents + 1, i32 lengths[S], i64 byte pointers[S], i64 document indices."""

from typing import NamedTuple

import numpy as np

MAGIC = b"MMIDIDX\0\0"
DTYPES = {8: np.dtype("<u2"), 4: np.dtype("<i4")}
HEADER_BYTES = 34


class Index(NamedTuple):
    dtype: np.dtype
    lengths: np.ndarray  # tokens of each sequence
    pointers: np.ndarray  # byte at which each sequence begins
    documents: np.ndarray  # sequence at which each document begins, and one past the last


def read_index(path):
    """Reads an .idx; raises ValueError when it is not one or its size does not fit its counts."""
    data = open(path, "rb").read()
    if data[:9] != MAGIC:
        raise ValueError(f"{path} does not begin with {MAGIC!r}")
    version = int(np.frombuffer(data, "<u8", 1, 9)[0])
    if version != 1 or data[17] not in DTYPES:
        raise ValueError(f"{path} has version {version} and dtype {data[17]}")
    sequences, boundaries = (int(n) for n in np.frombuffer(data, "<u8", 2, 18))
    size = HEADER_BYTES + sequences * (4 + 8) + boundaries * 8
    if len(data) != size:
        raise ValueError(
            f"{path} has {len(data)} bytes; {sequences} sequences and {boundaries} boundaries need {size}"
        )
    pointers_at = HEADER_BYTES + sequences * 4
    return Index(
        DTYPES[data[17]],
        np.frombuffer(data, "<i4", sequences, HEADER_BYTES),
        np.frombuffer(data, "<i8", sequences, pointers_at),
        np.frombuffer(data, "<i8", boundaries, pointers_at + sequences * 8),
    )


def read_body(path, dtype):
    """All tokens of a .bin, one after the other; raises ValueError when its size is no whole number of tokens."""
    return np.frombuffer(open(path, "rb").read(), dtype)
