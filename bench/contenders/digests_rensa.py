"""python digests_rensa.py FILE PERMUTATIONS OUT: writes Rensa's signatures of the texts of a JSONL file, of shingles of
five words, as unsigned 32-bit numbers one behind the other."""
import json
import sys

import numpy
from rensa import RMinHash

file, permutations, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def signed(text):
    words = text.split()
    signature = RMinHash(num_perm=permutations, seed=42)
    signature.update([" ".join(words[i : i + 5]) for i in range(len(words) - 4)])
    return signature.digest()


with open(file, encoding="utf-8") as lines:
    numpy.array([signed(json.loads(line)) for line in lines], dtype="<u4").tofile(out)
