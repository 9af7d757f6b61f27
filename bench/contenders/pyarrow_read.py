"""pyarrow_read.py FILE: reads id and text of a Parquet file into an Arrow table (no Python strings are timed)."""

import hashlib
import json
import sys
import time

import pyarrow.parquet as pq

started = time.perf_counter()
table = pq.read_table(sys.argv[1], columns=["id", "text"])
seconds = time.perf_counter() - started

ids, texts = hashlib.sha256(), hashlib.sha256()
for batch in table.to_batches(max_chunksize=1000):
    for value in batch.column("id").to_pylist():
        ids.update(f"{value}\n".encode())
    for value in batch.column("text").to_pylist():
        texts.update(value.encode())
digest = f"{table.num_rows} rows, ids {ids.hexdigest()}, texts {texts.hexdigest()}"
print(json.dumps({"digest": digest, "seconds": seconds}))
