"""python dedupe_datatrove.py INPUT FOLDER OUT: datatrove's four steps of MinHash dedupe as they come (five words, 14
buckets of 8 values) over the Parquet files of a folder, in one process: signatures, buckets, clusters, filter. Writes the
removed rows and the clusters to OUT as JSON, and prints seconds and CPU seconds of each step."""
import json
import os
import struct
import sys
import time

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import JsonlWriter
from loguru import logger

source, folder, out = sys.argv[1:]
logger.remove()
logger.add(sys.stderr, level="ERROR")
files = sorted(os.listdir(source))
config = MinhashConfig()


def reader():
    return ParquetReader(source, text_key="text", id_key="id", file_progress=False, doc_progress=False)


steps = {}


def step(name, tasks, pipeline):
    wall, cpu = time.perf_counter(), time.process_time()
    LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=1, logging_dir=f"{folder}/logs/{name}").run()
    steps[name] = {"seconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu}


step("signature", len(files), [reader(), MinhashDedupSignature(f"{folder}/signatures", config=config)])
step("buckets", config.num_buckets, [MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=config)])
step("cluster", 1, [MinhashDedupCluster(f"{folder}/buckets", f"{folder}/remove", config=config, save_cluster_id=True)])
step(
    "filter",
    len(files),
    [
        reader(),
        MinhashDedupFilter(f"{folder}/remove"),
        JsonlWriter(f"{folder}/output", output_filename="${rank}.jsonl", compression=None),
    ],
)


def numbers(path, form):
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return list(struct.iter_unpack(form, file.read()))


removed, clusters = [], []
for rank, name in enumerate(files):
    removed += [[name, row] for (row,) in numbers(f"{folder}/remove/{rank:06d}.remove", "<I")]
    clusters += [[name, row, cluster] for row, cluster in numbers(f"{folder}/remove/{rank:06d}.clusters", "<II")]
with open(out, "w") as file:
    json.dump({"removed": removed, "clusters": clusters}, file)
print(json.dumps({"steps": steps}))
