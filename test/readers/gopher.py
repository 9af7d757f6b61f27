"""Verdicts of the Gopher rules against datatrove's filters, whose words are spaCy's: how many texts both keep or both drop.

Differences of definition that are known: datatrove counts a sign as a word of its own, and so finds fewer words with a
letter; counts characters with white space; compares stop words with their capitals.
"""

import collections
import json
import sys

from datatrove.data import Document
from datatrove.pipeline.filters.gopher_quality_filter import GopherQualityFilter
from datatrove.pipeline.filters.gopher_repetition_filter import GopherRepetitionFilter

from report import finish, that

with open(sys.argv[1], encoding="utf-8") as file:
    case = json.load(file)
FILTERS = {
    "quality": GopherQualityFilter(),
    "quality without letters": GopherQualityFilter(max_non_alpha_words_ratio=None),
    "repetition": GopherRepetitionFilter(),
}


def verdict(rule, text):
    found = rule.filter(Document(text=text, id=""))
    return "passes" if found is True else found[1]


agreed, dropped, differ = collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter)
counts = collections.Counter()
with open(case["texts"], encoding="utf-8") as lines:
    for line in lines:
        each = json.loads(line)
        counts[each["kind"]] += 1
        for name, rule in FILTERS.items():
            theirs, ours = verdict(rule, each["text"]), each["verdicts"][name]
            kind = each["kind"], name
            dropped[kind, "ours"] += ours != "passes"
            dropped[kind, "theirs"] += theirs != "passes"
            if (ours == "passes") == (theirs == "passes"):
                agreed[kind] += 1
            else:
                differ[kind][f"{ours} | {theirs}"] += 1
for kind in counts:
    for name in FILTERS:
        key, of, least = (kind, name), counts[kind], case["least"][kind][name]
        part = agreed[key] / of
        that(
            part >= least and dropped[key, "ours"] > 0,
            f"{kind}, {name}: the same of {100 * part:.1f} % of {of:,} texts, at least {100 * least:.1f} %; "
            f"we drop {dropped[key, 'ours']:,}, datatrove {dropped[key, 'theirs']:,}; "
            f"ours | theirs where they differ: {dict(differ[key].most_common(4))}",
        )
finish()
