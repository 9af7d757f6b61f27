"""python shards_datatrove.py FOLDER MB: shuffles tokenized documents with datatrove's DocumentTokenizerMerger, local files in and
out. MB of token ids in eight files, documents between 100 and 4,000 tokens. Prints seconds of it and the bytes that it wrote."""
import json
import os
import sys
import time

import numpy as np
from datatrove.pipeline.tokens import DocumentTokenizerMerger

folder, mb = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(1)
source = f"{folder}/in"
os.makedirs(source, exist_ok=True)
for part in range(8):
    lengths = []
    while sum(lengths) < mb * 1e6 / 2 / 8:
        lengths.append(int(random.integers(100, 4000)))
    random.integers(2, 49_000, sum(lengths), dtype=np.uint16).tofile(f"{source}/{part:05d}.ds")
    np.cumsum(lengths, dtype=np.uint64).tofile(f"{source}/{part:05d}.ds.index")
    with open(f"{source}/{part:05d}.ds.metadata", "w") as out:
        out.write(f"default|2\n{sum(lengths)}\n{sum(lengths)}")

merger = DocumentTokenizerMerger(
    input_folder=source, output_folder=f"{folder}/out", save_filename="merged", max_tokens_per_file=32_000_000, seed=1
)
before = time.perf_counter()
merger.run(None, 0, 1)
seconds = time.perf_counter() - before
written = sum(os.path.getsize(f"{folder}/out/{each}") for each in os.listdir(f"{folder}/out") if each.endswith(".ds"))
print(json.dumps({"seconds": seconds, "bytes": written}))
