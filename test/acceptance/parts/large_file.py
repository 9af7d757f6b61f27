"""large_file.py TARGET GB: a Parquet file of GB gigabytes at least by pyarrow's defaults: one row group, snappy, no page index."""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

target, size = sys.argv[1], float(sys.argv[2]) * 1e9 * 1.38  # snappy packs this text to 0.75
rng = np.random.default_rng(7)
syllables = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "on", "us")]
words = ["".join(syllables[s] for s in rng.integers(0, len(syllables), rng.integers(1, 5))) for _ in range(200_000)]
ids, texts, written = [], [], 0
while written < size:
    one, other = words[int(rng.integers(0, len(words)))], words[int(rng.integers(0, len(words)))]
    # What the rules of the endpoint find pairs in.
    text = f"{one.capitalize()} syndrome is a rare disease of the {other}. It was first described in 1987. "
    text += " ".join(words[word] for word in rng.integers(0, len(words), int(rng.integers(60, 800)))) + "."
    ids.append(f"doc-{len(ids)}")
    texts.append(text)
    written += len(text)
table = pa.table({"id": ids, "title": [text[:30] for text in texts], "text": pa.array(texts, pa.large_string())})
del ids, texts
pq.write_table(table, target)
metadata = pq.ParquetFile(target).metadata
assert metadata.num_row_groups == 1, metadata.num_row_groups
print(metadata.num_rows)
