"""Makes a tiny model for llama.cpp's servers: `make_model.py FOLDER` writes model.gguf and tokenizer.json.

The network is random but for a few directions that make it speak the form of the tag protocol: most answers hold
pairs of words that mean nothing, the others are cut off. The tokenizer is of the kind that Llama 2 and Mistral 7B
have (SentencePiece BPE with byte fallback, `<s>` and `</s>` as control tokens), in both formats with the same ids.
The same files on every run.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SEED = 20240620
SAMPLE = Path(__file__).parents[2] / "client" / "sample" / "passages.json"
PIECES = 1024
WINDOW = 4096
WIDTH, HEADS, LAYERS, HIDDEN = 64, 4, 2, 128
# How much a question wants to come to its answer, and an answer to its end: with more, fewer answers run in circles.
ONWARD = 4.2
UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
NEWLINE, QUESTION, ANSWER, PAIR_END = "<0x0A>", "▁<QUE>", "▁<ANS>", "▁</END>"
CHAT = (
    "{{ bos_token }}{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)


def learned_pieces() -> tuple[list[str], list[str]]:
    """Pieces that the sample's texts teach, the most wanted first, and the characters below them."""
    texts = [passage["text"] for passage in json.loads(SAMPLE.read_text(encoding="utf-8"))]
    told = [f"<CON> {text} </CON> <QUE> {text[:40]} <ANS> {text[40:80]} </END>" for text in texts]
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    # For learning alone: no piece goes over a space. Encoding has no such rule, as in Llama's own file.
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", "removed"), pre_tokenizers.Split("▁", "merged_with_next")]
    )
    trainer = trainers.BpeTrainer(vocab_size=PIECES - 3 - 256, min_frequency=2, show_progress=False)
    learner.train_from_iterator(told, trainer)
    vocab = learner.get_vocab()
    pieces = sorted(vocab, key=vocab.__getitem__)
    return [each for each in pieces if len(each) > 1], [each for each in pieces if len(each) == 1]


def tokenizer_json(pieces: list[str], characters: list[str]) -> dict:
    """Hugging Face's form. Every way to put a piece together is a merge, as SentencePiece merges by the whole alone."""
    vocab = {piece: id for id, piece in enumerate(all_pieces(pieces, characters))}
    known = {*pieces, *characters}
    merges = [
        [piece[:cut], piece[cut:]]
        for piece in pieces
        for cut in range(1, len(piece))
        if piece[:cut] in known and piece[cut:] in known
    ]
    special = dict(special=True, normalized=False, single_word=False, lstrip=False, rstrip=False)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": id, "content": content, **special}
            for id, content in enumerate([UNKNOWN, BEGIN, END])
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": BEGIN, "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {BEGIN: {"id": BEGIN, "ids": [1], "tokens": [BEGIN]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": vocab,
            "merges": merges,
        },
    }


def all_pieces(pieces: list[str], characters: list[str]) -> list[str]:
    return [UNKNOWN, BEGIN, END, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces, *characters]


def weights(pieces: list[str]) -> dict[str, np.ndarray]:
    """A random network, with a dimension for each place in a pair: what follows a place leans to the next one."""
    draw = np.random.default_rng(SEED)
    count = len(pieces)

    def random(*shape: int, scale: float) -> np.ndarray:
        return (draw.standard_normal(shape) * scale).astype(np.float32)

    embedding = random(count, WIDTH, scale=1)
    output = random(count, WIDTH, scale=0.5)
    at = {piece: id for id, piece in enumerate(pieces)}
    words = [id for id, piece in enumerate(pieces) if piece[0] == "▁" and piece[1:].isalpha()]
    ask, tell = words[0::2], words[1::2]
    line, question, answer, pair_end = (at[each] for each in (NEWLINE, QUESTION, ANSWER, PAIR_END))
    # Pieces that stand at a place, and how strongly others are wanted after them.
    places = [
        ([line], {question: 6}),
        ([question], dict.fromkeys(ask, 4)),
        (ask, {**dict.fromkeys(ask, 3), answer: ONWARD}),
        ([answer], dict.fromkeys(tell, 4)),
        (tell, {**dict.fromkeys(tell, 3), pair_end: ONWARD}),
        ([pair_end], {line: 6, at[END]: 6}),
    ]
    embedding[:, : len(places)] = output[:, : len(places)] = 0
    for dimension, (members, wanted) in enumerate(places):
        embedding[members, dimension] = 6
        output[list(wanted), dimension] = list(wanted.values())
    tensors = {"token_embd": embedding, "output": output, "output_norm": np.ones(WIDTH, np.float32)}
    for layer in range(LAYERS):
        for name, rows, columns in [
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", HIDDEN, WIDTH),
            ("ffn_up", HIDDEN, WIDTH),
            ("ffn_down", WIDTH, HIDDEN),
        ]:
            tensors[f"blk.{layer}.{name}"] = random(rows, columns, scale=columns**-0.5)
        for norm in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{norm}"] = np.ones(WIDTH, np.float32)
    return tensors


def write_model(file: Path, pieces: list[str]) -> None:
    kinds = gguf.TokenType
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL] + [kinds.BYTE] * 256
    types += [kinds.NORMAL] * (len(pieces) - len(types))
    # SentencePiece merges the piece with the highest score first; single characters are below all of them.
    scores = [0.0] * 259 + [float(-rank) for rank in range(len(pieces) - 259)]
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_name("tiny-random-synthesizer")
    writer.add_context_length(WINDOW)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(pieces))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    # As in files of real models of this family: a server adds `<s>` to a text unless it is told not to.
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT)
    for name, tensor in weights(pieces).items():
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(folder: Path) -> None:
    learned, characters = learned_pieces()
    pieces = all_pieces(learned, characters)
    (folder / "tokenizer.json").write_text(
        json.dumps(tokenizer_json(learned, characters), ensure_ascii=False), encoding="utf-8"
    )
    write_model(folder / "model.gguf", pieces)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
