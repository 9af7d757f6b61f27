"""Lists of 32-bit integers as pyarrow reads them, against their lengths and values, which lie beside the files as plain numbers."""

import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from report import finish, none, that

with open(sys.argv[1], encoding="utf-8") as file:
    case = json.load(file)
item = pa.field("element", pa.int32(), nullable=False)
schema = pa.schema([pa.field("ids", pa.list_(item), nullable=False), pa.field("text", pa.string())])

other, kinds, sizes, groups = [], [], [], 0
for name in case["names"]:
    path = f"{case['folder']}/{name}"
    lengths = np.fromfile(f"{path}.lengths", dtype="<i4")
    values = np.fromfile(f"{path}.values", dtype="<i4")
    texts = [None if length == 0 else str(length) for length in lengths]
    for codec in ("snappy", "gzip"):
        file = pq.ParquetFile(f"{path}.{codec}")
        if file.schema_arrow != schema:
            kinds.append(f"{name}: {file.schema_arrow}")
        told = [file.metadata.row_group(i).column(0) for i in range(file.num_row_groups)]
        groups = max(groups, len(told))
        # An empty list counts as a value there.
        if sum(each.num_values for each in told) != len(values) + np.count_nonzero(lengths == 0):
            sizes.append(name)
        if any(each.compression != codec.upper() for each in told):
            sizes.append(f"{name}: another codec")
        # Whole, and by row groups one after the other.
        for table in (file.read(), pa.Table.from_batches(file.iter_batches(50), schema)):
            ids = table["ids"].combine_chunks()
            if isinstance(ids, pa.ChunkedArray):
                ids = pa.concat_arrays(ids.chunks) if ids.num_chunks else pa.array([], schema.field("ids").type)
            same = (
                ids.null_count == 0
                and np.array_equal(ids.value_lengths().to_numpy(), lengths)
                and np.array_equal(ids.flatten().to_numpy(), values)
                and table["text"].to_pylist() == texts
            )
            if not same:
                other.append(f"{name}.{codec}")
count = len(case["names"])
none(kinds, count, "a required list of required 32-bit integers")
none(sizes, count, "the footer says how many values there are, and the codec")
none(other, count, "lists and the column beside them are what was written")
that(groups > 1, f"up to {groups} row groups")
finish()
