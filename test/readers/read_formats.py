"""Reads a run in every format by the readers of each format's own ecosystem, and compares them token by token.

    read_formats.py CASE.json

The case names folders by format (as `instruct-lake export` leaves them), the tokenizer {file, eos}, the dtype, and the
length of a row. Imports nothing of the project.
"""

import csv
import glob
import gzip
import json
import os
import sys
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.pipeline.tokens.merger import get_data_reader, load_doc_ends
from tokenizers import Tokenizer

import report
from megatron_index import read_body, read_index


def main(path):
    case = json.load(open(path))
    folders, dtype = case["folders"], np.dtype(case["dtype"])
    datasets.disable_progress_bars()
    names = sorted(Path(each).stem for each in glob.glob(f"{folders['megatron']}/*.bin"))
    bodies = {}
    for name in names:
        index = read_index(f"{folders['megatron']}/{name}.idx")
        body = read_body(f"{folders['megatron']}/{name}.bin", index.dtype)
        mask = np.fromfile(f"{folders['megatron']}/{name}.mask", dtype=np.uint8)
        bodies[name] = (body, index.lengths, mask)
    odd = [name for name, (body, _, mask) in bodies.items() if len(mask) != len(body) or mask.max() > 1]
    report.none(odd, len(bodies), "numpy: a mask has a byte for each token, 0 or 1")
    check_olmo(folders["olmo"], bodies, dtype, case["tokenizer"]["eos"])
    check_datatrove(folders["datatrove"], bodies, dtype)
    check_rows(folders["parquet-ids"], folders["arrow"], bodies)
    check_text(folders["parquet-text"], bodies, case["tokenizer"])
    report.finish()


def check_olmo(folder, bodies, dtype, eos):
    faults = []
    for name, (body, lengths, mask) in bodies.items():
        tokens = np.memmap(f"{folder}/{name}.npy", dtype=dtype, mode="r")
        if not np.array_equal(tokens, body):
            faults.append(f"{name}.npy is not the body")
        rows = list(csv.reader(gzip.open(f"{folder}/{name}.csv.gz", "rt")))
        bounds = np.array([[int(start), int(end)] for start, end, *_ in rows])
        if not np.array_equal(bounds[:, 1] - bounds[:, 0], lengths):
            faults.append(f"{name}.csv.gz has other documents")
        if not (tokens[bounds[:, 1] - 1] == eos).all():
            faults.append(f"{name}: a document of the index does not end with EOS")
        label_mask = np.memmap(f"{folder}/{name}.mask.npy", dtype=np.bool_, mode="r")
        if label_mask.sum() != mask.sum():
            faults.append(f"{name}: the label mask is another")
    report.none(faults, len(bodies), "numpy: memory maps of .npy, their indexes and label masks say what Megatron's files do")


def check_datatrove(folder, bodies, dtype):
    faults = []
    for name, (body, lengths, mask) in bodies.items():
        with open(f"{folder}/{name}.ds.index", "rb") as file:
            ends = np.array(load_doc_ends(file))
        if not np.array_equal(np.diff(ends, prepend=0), lengths):
            faults.append(f"{name}: load_doc_ends sees other documents")
        with open(f"{folder}/{name}.ds", "rb") as file:
            read = b"".join(get_data_reader(file, ends, nb_bytes=dtype.itemsize))
        if not np.array_equal(np.frombuffer(read, dtype), body):
            faults.append(f"{name}: get_data_reader reads other tokens")
        head, count, _ = Path(f"{folder}/{name}.ds.metadata").read_text().split("\n")
        if int(count) != len(body) or int(head.rsplit("|", 1)[1]) != dtype.itemsize:
            faults.append(f"{name}: its metadata say something else")
        if not np.array_equal(np.fromfile(f"{folder}/{name}.ds.loss", dtype=np.uint8), mask):
            faults.append(f"{name}: the loss mask is another")
    report.none(faults, len(bodies), "datatrove: its own reader of .ds and .ds.index gives the same documents")


def check_rows(parquet, arrow, bodies):
    faults = []
    for name, (body, _, mask) in bodies.items():
        table = pq.read_table(f"{parquet}/{name}.parquet")
        ids = flat(table["input_ids"])
        labels = flat(table["labels"])
        if not np.array_equal(ids, body):
            faults.append(f"{name}.parquet: other ids")
        if not np.array_equal(labels, np.where(mask == 1, body.astype(np.int64), -100)):
            faults.append(f"{name}.parquet: labels are not the mask's targets")
        stream = pa.ipc.open_stream(f"{arrow}/{name}.arrow").read_all()
        if not stream.equals(table.cast(stream.schema)):
            faults.append(f"{name}.arrow is not what the Parquet file is")
        opened = datasets.Dataset.from_file(f"{arrow}/{name}.arrow")
        if [token for row in opened["input_ids"] for token in row] != body.tolist():
            faults.append(f"{name}.arrow: datasets reads other ids")
    loaded = datasets.load_dataset("parquet", data_files=sorted(glob.glob(f"{parquet}/*.parquet")), split="train")
    if sum(len(row) for row in loaded["input_ids"]) != sum(len(body) for body, _, _ in bodies.values()):
        faults.append("load_dataset loses rows")
    report.none(faults, len(bodies), "pyarrow and datasets: rows of ids and labels, as Parquet and as Arrow stream")


def check_text(folder, bodies, settings):
    tokenizer = Tokenizer.from_file(settings["file"])
    tokenizer.encode_special_tokens = True
    faults = []
    for name, (body, lengths, _) in bodies.items():
        rows = pq.read_table(f"{folder}/{name}.parquet").to_pylist()
        ids = [[*each.ids, settings["eos"]] for each in tokenizer.encode_batch([row["text"] for row in rows], add_special_tokens=False)]
        if [len(each) for each in ids] != lengths.tolist():
            faults.append(f"{name}: texts have other lengths in tokens")
        elif [token for each in ids for token in each] != body.tolist():
            faults.append(f"{name}: texts are other tokens")
        for row in rows:
            text = row["text"].encode()
            for span in json.loads(row["spans"]):
                if not 0 <= span["start"] <= span["end"] <= len(text):
                    faults.append(f"{name}: a span reaches over its text")
    report.none(faults, len(bodies), "pyarrow and tokenizers: the texts, tokenized anew by Hugging Face, are the body")


def flat(column):
    return column.combine_chunks().flatten().to_numpy()


main(sys.argv[1])
