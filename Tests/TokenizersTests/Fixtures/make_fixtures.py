"""Trains a small byte-level BPE tokenizer for each family and writes what Hugging Face's says."""

import json
import random
import unicodedata
from pathlib import Path
from pydoc_data import topics

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers

FOLDER = Path(__file__).parent
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST
LLAMA = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST

SENTENCES = [
    "Größe, Straße, Äpfel, Öl und Übermut.",
    "Où est l'élève? À côté, près du château; ça va.",
    "Съешь ещё этих мягких французских булок, да выпей чаю.",
    "我能吞下玻璃而不伤身体。天地玄黃,宇宙洪荒。",
    "いろはにほへと ちりぬるを。カタカナ",
    "다람쥐 헌 쳇바퀴에 타고파",
    "نص حكيم له سر قاطع وذو شأن عظيم",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण",
    "Ἀπὸ τὰ κόκκαλα βγαλμένη, ΕΛΛΆΔΑ",
    "😀 😃 👩‍👩‍👧‍👦 🏳️‍🌈 ½ ¾ Ⅳ ① ٣٤٥ १२३",
    "don't I'll WE'VE it's you're he'd I'm DON'T 'S 'ſ",
    "x = 12345678; y = 3.14159e-10\n\n\tif (x > y) { return; }\r\n",
]

# One word or several, by the class of a scalar: letters of Unicode 17 and 16, digits of both, and
# the long s, which is an s where case is ignored.
WHOLE_WORDS = [
    "\u088f\u088fa", "\U000105c9\U000105c9a", "\U00011de0" * 4, "\U00010d40" * 3, "'ſ", "'ſa",
]  # fmt: skip


def train(pre_tokenizer, normalizer, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    corpus = [text for _, text in sorted(topics.topics.items())][:20] + SENTENCES * 40
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def split(pattern):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def special(content, **options):
    return AddedToken(content, special=True, normalized=False, **options)


def gpt2():
    tokenizer = train(pre_tokenizers.ByteLevel(add_prefix_space=True), None, 640)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_tokens(
        [
            special("<|endoftext|>"),
            special("<left>", lstrip=True),
            special("<right>", rstrip=True),
            AddedToken("word", single_word=True, normalized=False),
            AddedToken("word 2", normalized=False),
        ]
    )
    file = json.loads(tokenizer.to_str())
    # As files before tokenizers 0.20 have them.
    file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
    return file


def qwen():
    tokenizer = train(split(QWEN), normalizers.NFC(), 700)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_tokens([special("<|im_start|>"), special("<|im_end|>")])
    tokenizer.add_tokens(
        [
            AddedToken("<think>", normalized=False),
            AddedToken("é\u0301", normalized=True),
            AddedToken("e\u0301<", normalized=False),
            AddedToken("o\u0302\u0323", normalized=True),
        ]
    )
    return json.loads(tokenizer.to_str())


def llama():
    tokenizer = train(split(LLAMA), None, 700)
    model = json.loads(tokenizer.to_str())
    model["model"]["ignore_merges"] = True
    # Tokens that no merge reaches: only whole words become them.
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for word in [" unreachable", "reach"] + WHOLE_WORDS:
        ((characters, _),) = byte_level.pre_tokenize_str(word)
        model["model"]["vocab"][characters] = len(model["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(model))
    tokenizer.add_tokens([special("<|begin_of_text|>"), special("<|eot_id|>")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A",
        special_tokens=[
            ("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))
        ],
    )
    return json.loads(tokenizer.to_str())


def smollm(individual):
    tokenizer = train(
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=individual),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        ),
        None,
        640,
    )
    tokenizer.add_tokens([special("<|im_start|>"), special("<|im_end|>")])
    return json.loads(tokenizer.to_str())


def texts():
    generator = random.Random(0)
    assigned = [
        chr(c)
        for c in range(0x110000)
        if unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs")
    ]
    # Of Unicode 16 and 17, later than the table of Python 3.12: letters, digits and marks.
    late = [chr(c) for c in (0x1C89, 0x10D40, 0x10D4A, 0x105C9, 0x105D2, 0x1611E, 0x16D63,
                             0x88F, 0x10940, 0x11DE0, 0x323B0, 0x897, 0x10D69, 0x1ACF)]
    pieces = list(" \n\r\t'aZ19.,-") + [
        "  ", "\n\n", "\r\n", "'s", "'LL", "'ſ", "'re", " '", "\u00a0", "\u3000", "\u0085",
        "e\u0301", "é", "q\u0323\u0307", "q\u0307\u0323", "\u1100\u1161\u11a8", "가", "\u212b",
        "\u0958", "\u0344", "<|im_start|>", "<|im_end|>", "<think>", "é\u0301", "e\u0301<",
        "<|endoftext|>", "<left>", "<right>", " word", "word 2", "words", "_word", "<|begin_of_text|>",
        "<|eot_id|>", " unreachable", "reach", " reach", "function", "\x00", "\ufeff", "\u200b",
        "\u200d", "\u180e", "123", "٣٤", "½", "Ⅷ", "𝟘", "ß", "ǅ", "ʰ", "中文", "😀", "\u0300",
    ] + late  # fmt: skip
    yield ""
    # Marks and pairs that would move or combine by later tables than Unicode 9.
    yield from ("a\u0897\u0323", "a\U00010d69\u0323", "\U00016d67\U00016d67", "\U000105d2\u0307")
    yield from WHOLE_WORDS
    yield from ("o\u0302\u0323", "o\u0323\u0302", "\u1ed9", "\u00f4\u0323x")
    for sentence in SENTENCES:
        yield sentence
    for count in (1, 2, 3, 40, 300):
        for unit in ("a", " ", "\n", "1", "'", ".", "\u0323\u0301", "é"):
            yield unit * count
            yield "x" + unit * count + "y"
    for _ in range(160):
        size = generator.randint(1, 12)
        yield "".join(
            generator.choice(pieces if generator.random() < 0.8 else assigned)
            for _ in range(size)
        )


def main():
    for name, file in (
        ("gpt2", gpt2()),
        ("qwen", qwen()),
        ("llama", llama()),
        ("smollm", smollm(True)),
        ("runs", smollm(False)),
    ):
        text = json.dumps(file, ensure_ascii=False, separators=(",", ":"))
        (FOLDER / f"{name}-tokenizer.json").write_text(text + "\n")
        tokenizer = Tokenizer.from_str(text)
        generator = random.Random(1)
        cases = []
        for text in texts():
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            case = {"text": text, "ids": ids}
            decoded = tokenizer.decode(ids, skip_special_tokens=False)
            if decoded != text:
                case["decoded"] = decoded
            cases.append(case)
        decodings = []
        for _ in range(60):
            size = generator.randint(0, 8)
            bytes_only = generator.random() < 0.5
            limit = 256 if bytes_only else tokenizer.get_vocab_size()
            ids = [generator.randrange(limit) for _ in range(size)]
            decodings.append(
                {
                    "ids": ids,
                    "text": tokenizer.decode(ids, skip_special_tokens=False),
                    "skipping": tokenizer.decode(ids, skip_special_tokens=True),
                }
            )
        golden = {"encodings": cases, "decodings": decodings}
        # One case a line, in ASCII: the texts are full of what editors would change.
        text = json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{")
        (FOLDER / f"{name}-golden.json").write_text(text + "\n")


main()
