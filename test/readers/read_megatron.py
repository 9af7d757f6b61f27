"""Reads shards with Megatron-LM's own IndexedDataset and compares with numpy's view of the same bytes.

read_megatron.py CASE.json    the case names shards [{name, bin, idx}]
"""

import json
import sys

import numpy as np
from megatron.core.datasets.indexed_dataset import IndexedDataset

import report
from megatron_index import read_body, read_index


def main(path):
    for shard in json.load(open(path))["shards"]:
        check_shard(shard)
    report.finish()


def check_shard(shard):
    prefix, suffix = shard["bin"][: -len(".bin")], shard["idx"][: -len(".idx")]
    if prefix != suffix:
        raise ValueError(f"Megatron-LM finds the index beside its body, not at {shard['idx']}")
    theirs = IndexedDataset(prefix)
    index = read_index(shard["idx"])
    body = read_body(shard["bin"], index.dtype)
    name, count = shard["name"], len(index.lengths)
    report.same(len(theirs), count, f"{name}: sequences as Megatron-LM counts them")
    report.same(len(theirs.document_indices) - 1, count, f"{name}: documents")
    report.that(np.array_equal(theirs.sequence_lengths, index.lengths), f"{name}: lengths are equal")
    ends = np.cumsum(index.lengths, dtype=np.int64)
    bad = [
        i for i in range(count) if not np.array_equal(theirs[i], body[ends[i] - index.lengths[i] : ends[i]])
    ]
    report.none(bad, count, f"{name}: all tokens are equal, sequence by sequence")
    print(f"      first tokens {theirs[0][:4].tolist()}, last tokens {theirs[count - 1][-4:].tolist()}")


if __name__ == "__main__":
    main(sys.argv[1])
