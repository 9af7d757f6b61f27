"""Token ids of prompts against Hugging Face's own tokenizer: `encode(text, add_special_tokens=False)` of the literal text."""

import json
import sys

from tokenizers import Tokenizer

from report import finish, none, that

with open(sys.argv[1], encoding="utf-8") as file:
    case = json.load(file)
tokenizer = Tokenizer.from_file(case["tokenizer"])
tokenizer.no_truncation()
tokenizer.no_padding()
with open(case["tokenizer"], encoding="utf-8") as file:
    added = json.load(file)["added_tokens"]
special = {token["id"]: token["content"] for token in added if token["special"]}

wrong, foreign, long, tokens, prompts, several = [], [], [], 0, 0, 0
with open(case["prompts"], encoding="utf-8") as lines:
    for line in lines:
        prompt = json.loads(line)
        text, ids = prompt["text"], prompt["ids"]
        prompts += 1
        tokens += len(ids)
        several += text.count("<s>") > 1
        if tokenizer.encode(text, add_special_tokens=False).ids != ids:
            wrong.append(text[:200])
        # What may stand there: the opening mark of each round, the closing one of each but the last.
        allowed = {"<s>": text.count("<s>"), "</s>": text.count("</s>")}
        found = [special[each] for each in ids if each in special]
        if any(mark not in allowed or found.count(mark) > allowed[mark] for mark in found):
            foreign.append(text[:200])
        if len(ids) > case["room"]:
            long.append(text[:200])
that(prompts == case["count"], f"{prompts:,} prompts of {tokens:,} tokens, {several:,} of them with a history")
that(several > 0, "there are some with a history")
none(wrong, prompts, "ids equal those of the literal text")
none(foreign, prompts, "no special token but the protocol's own")
none(long, prompts, f"no prompt is over {case['room']:,} tokens")
finish()
