"""The chains of a JSONL file by one fixed format string, as a script would: no drawing, no spans, no options shuffled.

python template_format.py FILE PASSES prints CPU seconds of a pass, after one that is not measured, and the bytes of text.
"""

import hashlib
import json
import sys
import time

file, passes = sys.argv[1], int(sys.argv[2])
with open(file, encoding="utf-8") as lines:
    rows = [line.rstrip("\n") for line in lines]
digest = hashlib.sha256()
for row in rows:
    digest.update(row.encode())
chains = [json.loads(row) for row in rows]


def asked(pair):
    shown = "".join(f"\n- {option}" for option in pair.get("options", []))
    thought = f"{pair['rationale']}\n" if "rationale" in pair else ""
    return f"Question: {pair['question']}{shown}\nAnswer: {thought}{pair['answer']}"


def one_pass():
    size = 0
    for chain in chains:
        examples = ["\n\n".join([each["context"], *map(asked, each["pairs"])]) for each in chain["examples"]]
        size += len("\n\n".join(examples).encode())
    return size


size = one_pass()
before = time.process_time()
for _ in range(passes):
    one_pass()
print(json.dumps({"digest": digest.hexdigest(), "seconds": (time.process_time() - before) / passes, "bytes": size}))
