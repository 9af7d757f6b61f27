"""Reads what is deployed with others' eyes: `deployment.py compose FILE`, or `deployment.py manifests FILE` (YAML documents)."""

import json
import sys

import compose_spec
import kubernetes_validate
import yaml

kind, file = sys.argv[1:]
with open(file, encoding="utf-8") as opened:
    text = opened.read()
if kind == "compose":
    # Merge keys (<<) are YAML's affair, and the parser does not know them.
    plain = yaml.safe_load(text)
    compose_spec.PyCompose.from_json(json.dumps(plain)).validate()
    print(len(plain["services"]))
else:
    # `strict`: a key that a kind does not have is an error.
    version = kubernetes_validate.latest_version()
    checked = 0
    for document in yaml.safe_load_all(text):
        # What KEDA adds has no schema here.
        if document is None or document["apiVersion"].startswith("keda.sh/"):
            continue
        kubernetes_validate.validate(document, version, strict=True)
        checked += 1
    print(checked)
