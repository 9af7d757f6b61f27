"""Trains the sample's tokenizer, client/sample/tokenizer.json, on the sample's own passages and instructions.

Needs Python 3.9 or later and tokenizers == 0.23.3 (pip install tokenizers==0.23.3); another version may choose other
merges, so it is refused. Running it again writes the same bytes. Usage: python scripts/train-sample-tokenizer.py [OUTPUT]
"""

import json
import sys
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

VERSION = "0.23.3"
VOCABULARY = 4096
SPECIAL = ["<|begin|>", "<|end|>"]
SAMPLE = Path(__file__).resolve().parent.parent / "client" / "sample"
WIDTH = 110


def texts():
    """Every text of the sample, in file order."""
    for passage in json.loads((SAMPLE / "passages.json").read_text("utf-8")):
        yield passage["title"]
        yield passage["text"]
    for pair in json.loads((SAMPLE / "instructions.json").read_text("utf-8")):
        yield pair["instruction"]
        yield pair["response"]


def train():
    """A byte-level BPE: no normaliser and all 256 bytes in the alphabet, so that every text comes back as it was."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=1,  # a few thousand words leave too few repeated pairs to fill the vocabulary
        special_tokens=SPECIAL,
        initial_alphabet=sorted(ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return tokenizer


def layout(value, indent=0):
    """JSON as the repository's formatter lays it out: an array on one line where it fits, an object never."""
    inner, outer = " " * (indent + 2), " " * indent
    if isinstance(value, dict) and value:
        members = (f"{inner}{text(key)}: {layout(member, indent + 2)}" for key, member in value.items())
        return "{\n" + ",\n".join(members) + f"\n{outer}}}"
    if isinstance(value, list) and value:
        if not any(isinstance(item, (dict, list)) for item in value):
            line = "[" + ", ".join(text(item) for item in value) + "]"
            if len(line) + indent < WIDTH:
                return line
        return "[\n" + ",\n".join(inner + layout(item, indent + 2) for item in value) + f"\n{outer}]"
    return text(value)


def text(value):
    return json.dumps(value, ensure_ascii=False)


def main():
    if tokenizers.__version__ != VERSION:
        sys.exit(f"tokenizers {tokenizers.__version__} is installed; this file is made with {VERSION}")
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE / "tokenizer.json"
    tokenizer = train()
    output.write_text(layout(json.loads(tokenizer.to_str())) + "\n", "utf-8")
    saved = Tokenizer.from_file(str(output))
    for sample in texts():
        if saved.decode(saved.encode(sample).ids, skip_special_tokens=False) != sample:
            sys.exit(f"does not come back as it was: {sample[:60]!r}")
    print(f"{output}: {saved.get_vocab_size()} entries")


main()
