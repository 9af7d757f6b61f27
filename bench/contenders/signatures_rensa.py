"""python signatures_rensa.py FILE PERMUTATIONS list|zip|ready PASSES: signatures of the texts of a JSONL file with Rensa,
of shingles of five words: joined slices of the list of words, a zip of it, or shingles made beforehand. Prints CPU seconds
of a pass, after one that is not measured."""
import hashlib
import json
import sys
import time

from rensa import RMinHash

file, permutations, how, passes = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])


def sliced(text):
    words = text.lower().split()
    return [" ".join(words[i : i + 5]) for i in range(len(words) - 4)]


def zipped(text):
    words = text.lower().split()
    return [" ".join(five) for five in zip(words, words[1:], words[2:], words[3:], words[4:])]


with open(file, encoding="utf-8") as lines:
    texts = [json.loads(line) for line in lines]
digest = hashlib.sha256()
for text in texts:
    digest.update(text.encode())

shingles = {"list": sliced, "zip": zipped, "ready": lambda ready: ready}[how]
work = [sliced(text) for text in texts] if how == "ready" else texts


def run():
    for each in work:
        signature = RMinHash(num_perm=permutations, seed=42)
        signature.update(shingles(each))
        signature.digest()


run()
before = time.process_time()
for _ in range(passes):
    run()
seconds = (time.process_time() - before) / passes
print(json.dumps({"digest": digest.hexdigest(), "seconds": seconds}))
