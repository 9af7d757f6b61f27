"""python signatures_datatrove.py FILE: signatures of the texts of a JSONL file with datatrove's MinhashDedupSignature as
it comes (five words, 14 buckets of 8 values), its sorting and writing left out. Prints CPU seconds of a pass."""
import hashlib
import json
import sys
import tempfile
import time

from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

with open(sys.argv[1], encoding="utf-8") as lines:
    texts = [json.loads(line) for line in lines]
digest = hashlib.sha256()
for text in texts:
    digest.update(text.encode())

with tempfile.TemporaryDirectory() as folder:
    step = MinhashDedupSignature(output_folder=folder, config=MinhashConfig())

    def sign(text):
        shingles = step.get_shingles(text)
        if shingles.size != 0:
            step.get_signature(shingles)

    for text in texts[:100]:
        sign(text)
    before = time.process_time()
    for text in texts:
        sign(text)
    seconds = time.process_time() - before
print(json.dumps({"digest": digest.hexdigest(), "seconds": seconds}))
