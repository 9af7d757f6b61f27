"""Reads a run in every format that trainers on PyTorch know, by their own data sets, and compares tokens and targets.

    read_torch.py CASE.json

The case names folders by format (as `instruct-lake export` leaves them), tables of documents by shard, the length of a row and the ids
of EOS and of the last token. Imports nothing of the project.
"""

import glob
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import numpy as np
import pyarrow.parquet as pq
import torch
from datatrove.utils.dataset import DatatroveFolderDataset
from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
from megatron.core.datasets.indexed_dataset import IndexedDataset
from torch.utils.data import DataLoader

import report


def main(path):
    case = json.load(open(path))
    folders, length = case["folders"], case["length"]
    datasets.disable_progress_bars()
    shards = {}
    for name in sorted(Path(each).stem for each in glob.glob(f"{folders['megatron']}/*.bin")):
        data = IndexedDataset(f"{folders['megatron']}/{name}", mmap=True)
        shards[name] = SimpleNamespace(
            data=data,
            tokens=np.concatenate([data[i] for i in range(len(data))]),
            lengths=np.array(data.sequence_lengths),
            mask=np.memmap(f"{folders['megatron']}/{name}.mask", dtype=np.uint8, mode="r"),
        )
    report.that(len(shards) > 1, f"there are {len(shards)} shards")
    check_masks(shards, folders["megatron"], case["documents"])
    check_gpt(shards, folders["megatron"], length, case["eos"], case["highest"])
    check_maps(shards, folders["olmo"])
    check_datatrove(shards, folders["datatrove"], length)
    check_rows(shards, folders, length)
    report.finish()


def check_masks(shards, folder, tables):
    faults, targets, unmapped = [], 0, []
    for name, shard in shards.items():
        rows = pq.read_table(tables[name], columns=["start", "tokens", "spans"]).to_pylist()
        expected = np.zeros(len(shard.tokens), dtype=np.uint8)
        if [row["tokens"] for row in rows] != shard.lengths.tolist():
            faults.append(f"{name}: other documents")
            continue
        for row in rows:
            start, end = row["start"], row["start"] + row["tokens"]
            for span in json.loads(row["spans"]):
                if span["kind"] in ("answer", "rationale"):
                    expected[start + span["from"] : start + span["to"]] = 1
            if row["tokens"] > 1 and expected[end - 2]:
                expected[end - 1] = 1
        if not np.array_equal(expected, shard.mask):
            faults.append(f"{name}: other targets")
        targets += int(expected.sum())
        plain = IndexedDataset(f"{folder}/{name}", mmap=False)
        if any(not np.array_equal(plain[i], shard.data[i]) for i in range(len(plain))):
            unmapped.append(name)
    report.none(unmapped, len(shards), "IndexedDataset reads the same with and without a memory map")
    report.none(faults, len(shards), "the mask is 1 at answers of the table of documents, by IndexedDataset's lengths")
    report.that(targets > 1000, f"{targets:,} tokens are targets")


def check_gpt(shards, folder, length, eos, highest):
    """Megatron's own blend of `blend.txt`: each window is a piece of its shard's documents, one behind the other in an order of Megatron's."""
    # It builds its blend in the first of the processes, of which it wants to hear.
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    words = Path(f"{folder}/blend.txt").read_text().split()
    config = GPTDatasetConfig(
        random_seed=7,
        sequence_length=length,
        blend=(words[1::2], [float(word) for word in words[0::2]]),
        split="1,0,0",
        path_to_cache=f"{folder}/cache",
        tokenizer=SimpleNamespace(eod=eos, vocab_size=highest + 1, unique_identifiers={"class": "theirs"}),
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
    )
    wanted = sum((len(shard.tokens) - 1) // length for shard in shards.values())
    train, _, _ = BlendedMegatronDatasetBuilder(GPTDataset, [wanted, 0, 0], lambda: True, config).build()
    report.that(wanted <= len(train) <= wanted + len(shards), f"Megatron's blend has {len(train)} windows of {wanted} or, by rounding, some more")
    report.same(sorted(Path(word).name for word in words[1::2]), sorted(shards), "blend.txt names the shards")
    faults, windows = [], 0
    for prefix, data in zip(words[1::2], train.datasets):
        shard = shards[Path(prefix).name]
        starts = np.concatenate([[0], np.cumsum(shard.lengths)])
        stream = np.concatenate([shard.tokens[starts[i] : starts[i + 1]] for i in data.document_index])
        for i in range(len(data)):
            sample = data[i]
            at = int(data.shuffle_index[i]) * length
            windows += 1
            if not np.array_equal(sample["tokens"].numpy(), stream[at : at + length]):
                faults.append(f"{prefix}: window {i} has other tokens")
            elif not np.array_equal(sample["labels"].numpy(), stream[at + 1 : at + length + 1]):
                faults.append(f"{prefix}: window {i} has other labels")
            elif sample["loss_mask"].sum() != length:
                faults.append(f"{prefix}: window {i} learns {int(sample['loss_mask'].sum())} tokens")
    report.none(faults, windows, "GPTDataset's windows are the documents' tokens, EOS among the labels")


def check_maps(shards, folder):
    faults = []
    for name, shard in shards.items():
        tokens = torch.from_numpy(np.array(np.memmap(f"{folder}/{name}.npy", dtype=shard.data.index.dtype, mode="r")).astype(np.int64))
        mask = torch.from_numpy(np.array(np.memmap(f"{folder}/{name}.mask.npy", dtype=np.bool_, mode="r")))
        if not torch.equal(tokens, torch.from_numpy(shard.tokens.astype(np.int64))):
            faults.append(f"{name}.npy")
        if not torch.equal(mask, torch.from_numpy(shard.mask == 1)):
            faults.append(f"{name}.mask.npy")
    report.none(faults, 2 * len(shards), "tensors of memory maps of .npy and .mask.npy are the same tokens and targets")


def check_datatrove(shards, folder, length):
    width = next(iter(shards.values())).data.index.dtype().itemsize
    data = DatatroveFolderDataset(
        folder, seq_len=length, filename_pattern="*.ds", token_size=width, return_positions=True, shuffle=False
    )
    size = length + 1
    expected = []
    for shard in (shards[name] for name in sorted(shards)):
        begins = np.zeros(len(shard.tokens), dtype=bool)
        begins[np.cumsum(shard.lengths)[:-1]] = True
        for at in range(0, len(shard.tokens) - size + 1, size):
            places = [0]
            for begin in begins[at + 1 : at + size]:
                places.append(0 if begin else places[-1] + 1)
            expected.append((shard.tokens[at : at + size].astype(np.int64), np.array(places)))
    report.same(len(data), len(expected), "DatatroveFolderDataset: windows")
    faults = []
    for i, (tokens, places) in enumerate(expected):
        window = data[i]
        if not np.array_equal(window["input_ids"].numpy(), tokens):
            faults.append(f"window {i} has other tokens")
        elif not np.array_equal(window["positions"].numpy(), places):
            faults.append(f"window {i} has documents elsewhere")
    report.none(faults, len(expected), "DatatroveFolderDataset's windows are the same tokens, and documents begin where they do")


def check_rows(shards, folders, length):
    faults = []
    for name, shard in shards.items():
        stream = datasets.Dataset.from_file(f"{folders['arrow']}/{name}.arrow")
        table = datasets.load_dataset("parquet", data_files=f"{folders['parquet-ids']}/{name}.parquet", split="train")
        labels = np.where(shard.mask == 1, shard.tokens.astype(np.int64), -100)
        for format, data in (("arrow", stream), ("parquet", table)):
            # Rows are of one length, so that a batch is a tensor; the last of a concatenation may be shorter.
            rows = list(DataLoader(data.select(range(len(data) - 1)).with_format("torch"), batch_size=4))
            rows.append(data.with_format("torch")[len(data) - 1 :])
            if any(batch["input_ids"].shape[1] != length for batch in rows[:-1]):
                faults.append(f"{name}.{format}: rows of other lengths")
            for column, wanted in (("input_ids", shard.tokens), ("labels", labels)):
                read = np.concatenate([np.asarray(batch[column]).reshape(-1) for batch in rows])
                if not np.array_equal(read, wanted):
                    faults.append(f"{name}.{format}: other {column}")
    report.none(faults, 2 * len(shards), "a DataLoader over Arrow and Parquet gives rows of the same ids, and labels as the mask says")


main(sys.argv[1])
