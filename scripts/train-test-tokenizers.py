"""Trains the tests' tokenizers, test/fixtures/tokenizers/*.json: one for each way of cutting text and each flag that real files have.

They learn from the sample's own texts and from lines made here, so that merges are made of all that a pattern cuts in its own way: capitals,
numbers, contractions, indentation, marks, letters of several bytes. Needs tokenizers == 0.23.3; another version may choose other merges, so it
is refused. Running it again writes the same bytes. Usage: python scripts/train-test-tokenizers.py [FOLDER]
"""

import json
import sys
from collections import Counter
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import normalizers as n
from tokenizers import pre_tokenizers as p
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

VERSION = "0.23.3"
VOCABULARY = 2_000
# Letters that a vocabulary in the style of SentencePiece spells by themselves.
ALPHABET = 120
ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "client" / "sample"

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
WHITE_SPACE = r"\s+(?!\S)|\s+"
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"


def later(numbers):
    return rf"{CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{numbers}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|{WHITE_SPACE}"


def cased(numbers, contractions):
    return (
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{contractions}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{contractions}|"
        rf"{numbers}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|{WHITE_SPACE}"
    )


GPT4 = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|" + WHITE_SPACE
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|"
    + WHITE_SPACE
)

# Letters of two, three and four bytes, marks that follow a letter, and both forms of Hangul.
WORDS = (
    "naïve façade Größe Straße Über ÉCOLE élève ñandú ångström Ελλάδα λόγος ΛΟΓΟΣ Москва вода вода́ שלום שָׁלוֹם سلام مَاء पानी जल ปลา น้ำ 水 水水 火山 漢字かな交じり "
    "カタカナ 한국어 물 한국 각 ㄱㄴ 😀 😀😀 👩‍🚀 🇩🇪 𝒜𝒷 ǅ ª ² ½ Ⅷ ٣٤ ３４ e\u0301 a\u0308 o\u0302\u0301 \u1112\u1161\u11ab"
).split(" ")


def lines():
    """Lines made here, the same each time."""
    for i in range(400):
        word, other = WORDS[i % len(WORDS)], WORDS[(i * 7 + 3) % len(WORDS)]
        yield f"{word} {other} {word}{other}, {word}.\n"
        yield f"    if (x{i % 10} == {i * 37}) {{\n\t\treturn http://a.b/c?d={i};\r\n    }}\n\n"
        yield f"IT'S {i}, it's {i * i}; I'll, WE'LL, they've; don't DON'T -- {i}.{i % 7}e-{i % 9} (\"{word}\")\n"
        yield f"# {i} %%% ===> </p>\n\n\n  * camelCaseWord HTTPServer snake_case_{i % 5} ... !!\n"
        yield " " * (i % 9) + "x" + "\n" * (i % 4) + "\t" * (i % 3) + "y\n"


def texts():
    for passage in json.loads((SAMPLE / "passages.json").read_text("utf-8")):
        yield passage["text"]
    for pair in json.loads((SAMPLE / "instructions.json").read_text("utf-8")):
        yield f"{pair['instruction']}\n{pair['response']}"
    yield from lines()


def byte_level(pre_tokenizer, normalizer=None, added=(), **model):
    tokenizer = Tokenizer(BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=1,
        special_tokens=["<|end|>"],
        initial_alphabet=sorted(p.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    if added:
        tokenizer.add_tokens(list(added))
    return json.loads(tokenizer.to_str())


def bytes_of(**flags):
    return p.ByteLevel(**{"add_prefix_space": False, "use_regex": False, **flags})


def cut(*patterns, behavior="isolated", invert=False):
    return p.Sequence([*(p.Split(Regex(each), behavior, invert) for each in patterns), bytes_of()])


def sentence_piece(learning, normalizer=None, pre_tokenizer=None, added=(), pieces=texts):
    """`learning` cuts the text that is learnt from; what the file says may cut otherwise, as in real files."""
    tokenizer = Tokenizer(BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = learning
    spelled = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=1,
        special_tokens=["<unk>", "<s>", "</s>", *spelled],
        show_progress=False,
    )
    tokenizer.train_from_iterator(common_letters(pieces()), trainer)
    if added:
        tokenizer.add_tokens(list(added))
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] not in spelled]
    other = Tokenizer(BPE())
    if normalizer is not None:
        other.normalizer = normalizer
    if pre_tokenizer is not None:
        other.pre_tokenizer = pre_tokenizer
    parts = json.loads(other.to_str())
    return {**file, "normalizer": parts["normalizer"], "pre_tokenizer": parts["pre_tokenizer"]}


def common_letters(pieces):
    """Pieces without their seldom letters, which get no token: such are spelled in bytes. The trainer's own limit breaks ties by chance."""
    pieces = list(pieces)
    counts = Counter("".join(pieces))
    common = set(sorted(counts, key=lambda letter: (-counts[letter], letter))[:ALPHABET])
    return ["".join(letter if letter in common else " " for letter in piece) for piece in pieces]


def few_words():
    """Texts in pieces of three words, so that merges reach over spaces."""
    for text in texts():
        words = text.split(" ")
        for i in range(0, len(words), 3):
            yield " ".join(words[i : i + 3])


def ordinary(*contents, **flags):
    return [AddedToken(content, **{"normalized": False, "special": False, **flags}) for content in contents]


SPACES = ordinary(*(" " * k for k in range(2, 25)), normalized=True)
REPLACE = n.Replace(" ", "▁")
WORD = p.Metaspace(replacement="▁", prepend_scheme="always", split=True)
WHOLE = p.Metaspace(replacement="▁", prepend_scheme="first", split=False)

TOKENIZERS = {
    "gpt2": lambda: byte_level(bytes_of(use_regex=True)),
    "gpt2-prefix": lambda: byte_level(bytes_of(use_regex=True, add_prefix_space=True, trim_offsets=False)),
    "gpt4": lambda: byte_level(cut(GPT4)),
    "llama3": lambda: byte_level(cut(later(r"\p{N}{1,3}")), ignore_merges=True),
    "qwen2": lambda: byte_level(cut(later(r"\p{N}")), n.NFC(), ordinary("<tool_call>", "</tool_call>", "<think>")),
    "gpt4o": lambda: byte_level(cut(cased(r"\p{N}{1,3}", CONTRACTIONS + "?"))),
    # As the converted files have it: what the pattern does not match is taken away, which is nothing.
    "gpt4o-converted": lambda: byte_level(cut(cased(r"\p{N}{1,3}", CONTRACTIONS + "?"), behavior="removed", invert=True)),
    "nemo": lambda: byte_level(cut(cased(r"\p{N}", ""))),
    "neox": lambda: byte_level(bytes_of(use_regex=True), added=SPACES),
    "deepseek": lambda: byte_level(cut(r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+", DEEPSEEK)),
    "llama2": lambda: sentence_piece(WORD, n.Sequence([n.Prepend("▁"), REPLACE])),
    "gemma": lambda: sentence_piece(WHOLE, REPLACE, added=ordinary("\n\n", "▁▁", "▁▁▁", "<b>"), pieces=few_words),
    "metaspace-words": lambda: sentence_piece(WORD, pre_tokenizer=WORD, added=ordinary("<b>")),
    "metaspace-whole": lambda: sentence_piece(WHOLE, pre_tokenizer=WHOLE, pieces=few_words),
}


def main():
    if tokenizers.__version__ != VERSION:
        sys.exit(f"tokenizers {tokenizers.__version__} is installed; these files are made with {VERSION}")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "test" / "fixtures" / "tokenizers"
    folder.mkdir(parents=True, exist_ok=True)
    for name, train in TOKENIZERS.items():
        text = json.dumps(train(), ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.json").write_text(f"{text}\n", "utf-8")
        print(f"{name}: {len(text.encode()):,} bytes")


main()
