"""Confirms from the bytes alone that a publication is what its manifest says. Imports nothing of the project.

    verify_shards.py CASE.json

The case names local files: manifest, shards [{name, bin, idx}], documents (the Parquet tables of rendered documents),
raw {text, needed, files [{key, path}]}, instructions {mix source: {question, answer, files}}, and the tokenizer
{file, eos, bos or null} by the tokens' spelling. `chains` says how many contexts some chain must at least have.
"""

import json
import sys
from collections import Counter
from math import ceil, floor

import numpy as np
import pyarrow.parquet as pq
from tokenizers import Tokenizer

import raw
import report
from megatron_index import read_body, read_index

MARKERS = ("<CON>", "</CON>", "<QUE>", "<ANS>", "</END>")


def main(path):
    case = json.load(open(path))
    manifest = json.load(open(case["manifest"]))
    tokenizer = open_tokenizer(case["tokenizer"]["file"])
    documents = [each for shard in case["shards"] for each in read_shard(shard, manifest)]
    check_counts(documents, manifest)
    check_ends(documents, tokenizer, case["tokenizer"], manifest)
    texts = check_round_trip(documents, tokenizer, case["tokenizer"])
    files = [
        raw.read_file(each["key"], each["path"], [case["raw"]["text"]], case["raw"]["needed"])
        for each in case["raw"]["files"]
    ]
    kept = check_rows(files, manifest)
    instructions = {
        name: read_instructions(source, manifest) for name, source in case["instructions"].items()
    }
    tables = read_tables(case["documents"])
    check_mix(texts, documents, instructions, tables, manifest)
    check_contexts(tables, kept)
    check_chains(tables, case["chains"])
    check_markers(texts, [*kept, *(text for rows in instructions.values() for text in rows)])
    report.finish()


def open_tokenizer(file):
    """As text is tokenized for training: tokens spelled out in it are text, nothing is cut or padded."""
    tokenizer = Tokenizer.from_file(file)
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def read_shard(shard, manifest):
    """The documents of a shard as arrays of ids, cut by an index that is looked at first."""
    name = shard["name"]
    index = read_index(shard["idx"])
    body = read_body(shard["bin"], index.dtype)
    count = len(index.lengths)
    ends = np.cumsum(index.lengths, dtype=np.int64)
    said = next(each for each in manifest["shards"] if each["name"] == name)
    faults = [
        fault
        for fault, so in {
            f"dtype {index.dtype}, the manifest says {manifest['dtype']}": index.dtype
            == np.dtype(manifest["dtype"]),
            "a sequence is empty": bool((index.lengths > 0).all()),
            f"lengths add up to {ends[-1]}, the body has {len(body)} tokens": ends[-1] == len(body),
            "pointers are not where the sequence before ends": np.array_equal(
                index.pointers, (ends - index.lengths) * index.dtype.itemsize
            ),
            "documents are not one sequence each": np.array_equal(index.documents, np.arange(count + 1)),
            f"{count} documents, the manifest says {said['documents']}": count == said["documents"],
            f"{len(body)} tokens, the manifest says {said['tokens']}": len(body) == said["tokens"],
        }.items()
        if not so
    ]
    report.none(
        faults,
        count,
        f"{name}: header, dtype {index.dtype}, lengths, pointers and document indices are consistent",
    )
    return np.split(body, ends[:-1])


def check_counts(documents, manifest):
    said = manifest["counts"]["documents"]
    report.same(len(documents), said["mixed"], "documents in the shards as in the manifest")
    report.same(int(sum(map(len, documents))), said["mixedTokens"], "tokens in the shards as in the manifest")


def check_ends(documents, tokenizer, special, manifest):
    eos = tokenizer.token_to_id(special["eos"])
    bos = None if special["bos"] is None else tokenizer.token_to_id(special["bos"])
    said = manifest["pins"]["tokenizer"]
    report.same(
        [eos, bos],
        [said["eos"], said["bos"]],
        "ids of EOS and BOS by the tokenizer's file as in the manifest",
    )
    bad = [i for i, ids in enumerate(documents) if ids[-1] != eos]
    report.none(bad, len(documents), f"every document ends with the end-of-document token {eos}")
    bad = [i for i, ids in enumerate(documents) if (ids[:-1] == eos).any()]
    report.none(bad, len(documents), "it stands nowhere else in a document")
    if bos is not None:
        bad = [i for i, ids in enumerate(documents) if ids[0] != bos or (ids[1:] == bos).any()]
        report.none(bad, len(documents), f"every document begins with {bos}, which stands nowhere else in it")
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values())
    report.same(highest, said["highestId"], "highest id by the tokenizer's file as in the manifest")
    report.that(max(int(ids.max()) for ids in documents) <= highest, f"no id is above {highest}")


def check_round_trip(documents, tokenizer, special):
    """Decodes every document without its BOS and EOS, and encodes it again."""
    first = 0 if special["bos"] is None else 1
    bodies = [ids[first:-1].tolist() for ids in documents]
    texts = tokenizer.decode_batch(bodies, skip_special_tokens=False)
    bad = []
    for at in range(0, len(texts), 1024):
        again = tokenizer.encode_batch_fast(texts[at : at + 1024], add_special_tokens=False)
        bad += [at + i for i, encoding in enumerate(again) if encoding.ids != bodies[at + i]]
    report.none(bad, len(documents), "decoding and encoding again gives the same ids for every document")
    return texts


def check_rows(files, manifest):
    """Planned rows = kept + duplicates + rejects + failed, each counted from the raw files. Gives the texts kept."""
    said = manifest["counts"]["rows"]
    failed = [file for file in files if file.cells is None]
    rows = [
        raw.text_of(text)
        for file in sorted(files, key=lambda file: file.key.encode())
        for (text,) in file.cells or []
    ]
    valid = [text for text in rows if text is not None]
    first = {}
    for text in valid:
        first.setdefault(raw.fold(text), text)
    kept = list(first.values())
    planned = sum(file.rows for file in files)
    strangers = raw.unassigned(valid)
    report.same(planned, said["planned"], "rows planned, by the raw files' footers")
    report.same(
        sorted(file.key for file in failed),
        sorted(each["key"] for each in manifest["failedSources"]),
        "raw files that cannot be read",
    )
    report.same(sum(file.rows for file in failed), said["failed"], "rows of failed files")
    report.same(len(rows) - len(valid), said["rejects"], "rejects: null, blank or no UTF-8")
    report.same(
        len(valid) - len(kept), said["duplicates"], "exact duplicates, folded by Python's own Unicode"
    )
    report.same(len(kept), said["kept"], "texts kept")
    print(
        f"      Unicode {raw.unicodedata.unidata_version} here, {manifest['pins']['unicode']} there:"
        f" {len(strangers)} code points of the corpus are unknown here{' ' + ascii(strangers) if strangers else ''}"
    )
    parts = [said[name] for name in ("kept", "duplicates", "heldBack", "rejects", "failed")]
    report.same(
        said["planned"],
        sum(parts),
        f"planned rows = {' + '.join(map(str, parts))} (kept, duplicates, held back, rejects, failed)",
    )
    return kept


def read_instructions(source, manifest):
    """General instructions as documents: question, one space, answer."""
    columns = [source["question"], source["answer"]]
    files = [raw.read_file(each["key"], each["path"], columns) for each in source["files"]]
    rows = [tuple(map(raw.text_of, cells)) for file in files for cells in file.cells or []]
    made = [
        f"{question} {answer}" for question, answer in rows if question is not None and answer is not None
    ]
    said = manifest["counts"]["instructions"]
    report.same(
        [len(made), len(rows) - len(made)],
        [said["documents"], said["rejects"]],
        "instructions and their rejects, by the raw file",
    )
    return made


def read_tables(paths):
    """Rendered documents with what stands where in them, in the form that was synthesized: the raw texts of converted slots
    are there for mixes that leave those raw."""
    return [
        row | {"spans": json.loads(row["spans"])}
        for path in paths
        for row in pq.read_table(path).to_pylist()
        if row["when"] in ("always", "converted")
    ]


def check_mix(texts, documents, instructions, tables, manifest):
    """Each mix source's documents and tokens, told apart by text; copies of each text as often as its epochs say."""
    rows = {name: Counter(made) for name, made in instructions.items()}
    for row in tables:
        rows.setdefault(row["source"], Counter())[row["text"]] += 0 if row["source"] in instructions else 1
    source_of = {text: name for name, made in rows.items() for text in made}
    strange = [text for text in texts if text not in source_of]
    report.none(
        strange,
        len(texts),
        "every document in the shards is a rendered document or an instruction of the raw file",
    )
    copies = Counter(texts)
    got = {name: {"documents": 0, "tokens": 0} for name in rows}
    for text, ids in zip(texts, documents):
        if text in source_of:
            got[source_of[text]]["documents"] += 1
            got[source_of[text]]["tokens"] += len(ids)
    for said in manifest["mix"]:
        name = said["source"]
        epochs = said["got"] / said["unique"]
        mine = got[name]
        report.same(
            [mine["documents"], mine["tokens"]],
            [said["documents"], said["got"]],
            f"documents and tokens of {name}",
        )
        bad = [
            text
            for text, times in rows[name].items()
            if not floor(epochs) * times <= copies[text] <= ceil(epochs) * times
        ]
        report.none(
            bad,
            len(rows[name]),
            f"every text of {name} stands there {floor(epochs)} to {ceil(epochs)} times ({epochs:.3f} epochs)",
        )
    total = sum(said["got"] for said in manifest["mix"])
    report.same(
        total,
        manifest["counts"]["documents"]["mixedTokens"],
        "what the sources of the mix got adds up to all tokens",
    )


def span_text(row, span):
    return row["text"].encode()[span["start"] : span["end"]].decode()


def check_contexts(tables, kept):
    """Nothing lost, nothing twice: every kept text stands in the documents once and whole, or in parts that make it up."""
    contexts = Counter(
        span_text(row, span) for row in tables for span in row["spans"] if span["kind"] == "context"
    )
    whole = [text for text in kept if contexts[text] > 0]
    rest = set(kept) - set(whole)
    contexts.subtract(whole)
    parts = [text for text, times in contexts.items() if times > 0]
    used = Counter()
    lost = [text for text in rest if not made_of(text, parts, used)]
    report.none(
        lost,
        len(kept),
        f"every kept text stands in the documents byte for byte, {len(rest):,} of them in parts",
    )
    strange = [text for text, times in contexts.items() if times > used[text]]
    report.none(
        strange, len(tables), "no context in a document is anything else, a dropped duplicate, or there twice"
    )


def made_of(text, parts, used):
    """Whether a text is parts one after the other; counts them."""
    at = 0
    while at < len(text):
        part = max((each for each in parts if text.startswith(each, at)), key=len, default="")
        if part == "":
            return False
        used[part] += 1
        at += len(part)
    return True


def check_chains(tables, least):
    """Contexts and pairs of the chains, pieces of one chain taken together."""
    chains = {}
    for row in tables:
        if row["source"] == "augmented":
            chains.setdefault(row["unit"], []).extend(span["kind"] for span in row["spans"])
    shape = Counter(kinds.count("context") for kinds in chains.values())
    print(f"      chains by their number of texts: {dict(sorted(shape.items()))}")
    several = [
        kinds
        for kinds in chains.values()
        if kinds.count("context") >= least and kinds.count("question") >= 2 * kinds.count("context")
    ]
    report.that(several, f"chains of {least} texts or more with two pairs a text or more: {len(several):,}")


def check_markers(texts, sources):
    """A protocol marker stands in a document only where a raw line that has it stands too."""
    marked = [
        line for text in sources for line in text.split("\n") if any(marker in line for marker in MARKERS)
    ]
    found = [
        (text, line)
        for text in texts
        for line in text.split("\n")
        if any(marker in line for marker in MARKERS)
    ]
    bad = [line for _, line in found if not any(each in line for each in marked)]
    report.none(
        bad,
        len(texts),
        f"no document has a protocol marker that its raw text has not ({len(marked)} raw lines and {len(found)} lines in shards have one)",
    )


if __name__ == "__main__":
    main(sys.argv[1])
