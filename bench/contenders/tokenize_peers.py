"""python tokenize_peers.py hf|gigatoken|datatrove TOKENIZER WARM TEXTS cold|warm|again THREADS: tokenizes the texts of a JSONL
file. `warm`: after those of WARM, five times; `again`: after the same texts, five times. Prints the seconds of it (of CPU by one
thread, of the clock by several), and a digest of all ids."""
import hashlib
import json
import os
import sys
import tempfile
import time

peer, tokenizer, warm, file, how, threads = sys.argv[1:]
os.environ["RAYON_NUM_THREADS"] = threads
os.environ["TOKENIZERS_PARALLELISM"] = "true" if int(threads) > 1 else "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def hf():
    from tokenizers import Tokenizer

    opened = Tokenizer.from_file(tokenizer)
    opened.encode_special_tokens = True
    opened.no_truncation()
    opened.no_padding()
    return lambda texts: [each.ids for each in opened.encode_batch(texts, add_special_tokens=False)]


def gigatoken():
    import gigatoken as package

    opened = package.Tokenizer(tokenizer)
    parallel = int(threads) > 1
    return lambda texts: opened.encode_batch(texts, parallel=parallel)


def datatrove():
    from datatrove.data import Document
    from datatrove.pipeline.tokens import DocumentTokenizer

    def encode(texts):
        with tempfile.TemporaryDirectory() as folder:
            # What a file's post-processor adds is not compared: the others are asked for the text's own ids.
            plain = {**json.load(open(tokenizer)), "post_processor": None}
            with open(f"{folder}/tokenizer.json", "w") as out:
                json.dump(plain, out)
            step = DocumentTokenizer(
                output_folder=folder,
                tokenizer_name_or_path=f"{folder}/tokenizer.json",
                eos_token=None,
                shuffle_documents=False,
                save_filename="out",
            )
            documents = (Document(text=text, id=str(i)) for i, text in enumerate(texts))
            for _ in step.run(documents, 0, 1) or []:
                pass
            name = next(each for each in os.listdir(folder) if each.endswith(".ds"))
            ends = np.fromfile(f"{folder}/{name}.index", dtype=np.uint64)
            ids = np.fromfile(f"{folder}/{name}", dtype=np.uint16).astype(np.uint32)
            return np.split(ids, ends[:-1].astype(np.int64))

    return encode


encode = {"hf": hf, "gigatoken": gigatoken, "datatrove": datatrove}[peer]()
texts = read(file)
PASSES = 1 if peer in ("hf", "datatrove") else 5
if how != "cold":
    before = read(warm) if how == "warm" else texts
    for _ in range(PASSES):
        encode(before)
clock = time.process_time if threads == "1" else time.perf_counter
before = clock()
ids = encode(texts)
seconds = clock() - before
digest = hashlib.sha256()
for each in ids:
    digest.update(np.asarray(each, dtype=np.uint32).tobytes())
print(json.dumps({"digest": digest.hexdigest(), "seconds": seconds}))
