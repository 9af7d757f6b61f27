"""The raw Parquet files as pyarrow sees them, and the rules of the project's documentation written down once more."""

import re
import unicodedata
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

# Unicode's White_Space; Python's own str.split() takes U+001C to U+001F as well.
WHITE_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SPACES = re.compile(f"[{WHITE_SPACE}]+")
BLANK = re.compile(f"[{WHITE_SPACE}\0\ufeff]*")


class RawFile(NamedTuple):
    key: str
    rows: int
    cells: (
        list | None
    )  # the bytes (or None) of each wanted column, a tuple a row; None when the file cannot be read


def read_file(key, path, columns, needed=()):
    """A raw file; its rows are known as soon as its footer can be read. It also must have the columns `needed`."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError):
        return RawFile(key, 0, None)
    rows = file.metadata.num_rows
    # Asked for a column that is not there, pyarrow reads the others and says nothing.
    if not {*columns, *needed} <= set(file.schema_arrow.names):
        return RawFile(key, rows, None)
    try:
        table = file.read(columns=columns)
    except (pa.ArrowInvalid, OSError):
        return RawFile(key, rows, None)
    return RawFile(key, rows, list(zip(*(_bytes_of(table[name]) for name in columns))))


def _bytes_of(column):
    """Text as its bytes: here invalid UTF-8 is a reject, not an error."""
    return column.cast(pa.large_binary()).to_pylist()


def text_of(cell):
    """The text of a cell, or None where the row is a reject: null, no UTF-8, or blank."""
    if cell is None:
        return None
    try:
        text = cell.decode()
    except UnicodeDecodeError:
        return None
    return None if BLANK.fullmatch(text) else text


def fold(text):
    """What exact duplicates have in common: NFKC, each code point's own lower case, white space as one space."""
    lowered = "".join(map(str.lower, unicodedata.normalize("NFKC", text)))
    return SPACES.sub(" ", lowered).strip(" ")


def unassigned(texts):
    """Code points of the texts that this Python's Unicode does not know: only there can another version fold differently."""
    return sorted({c for text in texts for c in set(text) if unicodedata.category(c) == "Cn"})
