# The tokens of folders whose settings name further tokens, by transformers. See README.md.
import json
import os
import tempfile
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import AutoTokenizer  # noqa: E402

FOLDER = Path(__file__).parent
TEXTS = [
    "<|im_start|>a<think>b <X> c the", "a  <think> <X><Y>é<", "<|endoftext|>12 é\u1ed9 the",
    "<X>< X ><E><Z> <A>", "x  12  3\n\n  4 don't",
]  # fmt: skip


def token(content, **flags):
    plain = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False}
    return {"content": content, **plain, "special": True, **flags}


def plain(content, **flags):
    value = token(content, **flags)
    del value["special"]
    return value


def typed(content, **flags):
    return {"__type": "AddedToken", **token(content, **flags)}


QWEN = json.loads((FOLDER / "qwen-tokenizer.json").read_text())
LISTED = {
    str(value["id"]): {key: value[key] for key in value if key != "id"}
    for value in QWEN["added_tokens"]
}
MAP, ADDED = "special_tokens_map.json", "added_tokens.json"


def cases():
    """Settings, other files, and the base; classes are added to the settings."""
    yield {}, {}
    yield {"added_tokens_decoder": LISTED}, {}
    yield {"added_tokens_decoder": {**LISTED, "706": token("<X>")}}, {}
    yield {"added_tokens_decoder": {**LISTED, "706": token("<X>", special=False, rstrip=True)}}, {}
    yield {"added_tokens_decoder": {**LISTED, "702": token("<think>")}}, {}
    yield {"added_tokens_decoder": {**LISTED, "702": token("<think>", lstrip=True)}}, {}
    yield {"added_tokens_decoder": LISTED, "pad_token": "<think>"}, {}
    yield {"added_tokens_decoder": LISTED, "pad_token": "<Y>"}, {MAP: {"pad_token": "<X>"}}
    yield {"added_tokens_decoder": LISTED}, {ADDED: {"<X>": 706}}
    yield {"pad_token": "<think>"}, {}
    yield {"pad_token": "the"}, {}
    yield {"pad_token": "in"}, {}
    yield {"pad_token": typed("<X>", lstrip=True), "eos_token": "<E>"}, {}
    yield {"pad_token": "<X>"}, {MAP: {"pad_token": "<Y>"}}
    yield {"pad_token": "<X>"}, {MAP: {"pad_token": None}}
    yield {}, {MAP: {"pad_token": plain("<X>", lstrip=True)}}
    yield {}, {MAP: {"additional_special_tokens": ["<X>"], "image_token": "<Y>"}}
    yield {"additional_special_tokens": ["<X>"]}, {MAP: {"additional_special_tokens": ["<Y>"]}}
    yield {"additional_special_tokens": []}, {MAP: {"additional_special_tokens": ["<X>"]}}
    yield {"additional_special_tokens": ["<X>"]}, {MAP: {"extra_special_tokens": ["<Y>"]}}
    yield {"extra_special_tokens": ["<X>", "<think>"]}, {}
    yield {"extra_special_tokens": [typed("<X>", lstrip=True), typed("<Y>", special=False)]}, {}
    yield {"extra_special_tokens": {"image_token": "<X>", "a": "<A>"}, "zz_token": "<Z>"}, {}
    yield {"zz_token": "<Z>", "image_token": "<X>"}, {MAP: {"image_token": "<Y>", "yy_token": "<A>"}}
    yield {"model_specific_special_tokens": {"image_token": "<Y>"}}, {}
    yield {"image_token": None, "pad_token": None, "eos_token": "<E>"}, {}
    yield {"pad_token": "<X>", "eos_token": "<X>", "extra_special_tokens": ["<X>", "<Y>"]}, {}
    yield {}, {ADDED: {"<X>": 706, "<Y>": 707}}
    yield {"pad_token": "<X>"}, {ADDED: {"<X>": 706}}
    yield {}, {ADDED: {"<think>": 702, "<X>": 706}}
    yield {"extra_special_tokens": [typed("<X>", lstrip=True, special=False), "<X>"]}, {}
    yield {"bos_token": typed("<X>", lstrip=True), "eos_token": "<X>", "pad_token": "<Y>"}, {}
    yield {"eos_token": "<X>", "image_token": typed("<X>", lstrip=True)}, {}
    yield {"added_tokens_decoder": {**LISTED, "700": token("<|im_start|>", special=False)}}, {}
    more = [typed("<X>"), typed("<X>", special=False, lstrip=True)]
    yield {"extra_special_tokens": more}, {}
    yield {"image_token": "<Y>"}, {MAP: {"additional_special_tokens": ["<X>"]}, ADDED: {"<X>": 706}}
    yield {"image_token": typed("<X>")}, {MAP: {"image_token": None}}
    names = {"image_token": "<Y>"}
    yield {"additional_special_tokens": ["<X>"], "extra_special_tokens": names}, {}
    yield {"extra_special_tokens": ["<X>"]}, {MAP: {"extra_special_tokens": names}}


def folder(base, model_type, settings, files):
    """The outcome of transformers for one folder."""
    with tempfile.TemporaryDirectory() as path:
        texts = {"tokenizer_config.json": settings, "config.json": {"model_type": model_type}, **files}
        for name, value in texts.items():
            Path(path, name).write_text(json.dumps(value))
        Path(path, "tokenizer.json").write_text((FOLDER / f"{base}-tokenizer.json").read_text())
        tokenizer = AutoTokenizer.from_pretrained(path)
        ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
        return {
            "base": base, "files": texts, "class": type(tokenizer).__name__, "ids": ids,
            "skipping": [tokenizer.decode(x, skip_special_tokens=True) for x in ids],
            "named": tokenizer.special_tokens_map,
        }  # fmt: skip


def main():
    results = []
    for settings, files in cases():
        for name in ("PreTrainedTokenizerFast", "Qwen2TokenizerFast"):
            results.append(folder("qwen", "qwen3", {"tokenizer_class": name, **settings}, files))
    for base in ("gpt2", "qwen", "llama", "smollm"):
        for model_type in ("llama", "qwen2", "qwen3", "gpt2"):
            for name in (None, "GPT2Tokenizer", "PreTrainedTokenizerFast", "LlamaTokenizerFast"):
                settings = {"tokenizer_class": name} if name else {}
                results.append(folder(base, model_type, settings, {}))
        settings = {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True}
        results.append(folder(base, "llama", settings, {}))
    golden = {"texts": TEXTS, "folders": results}
    text = json.dumps(golden, separators=(",", ":")).replace('},{"base"', '},\n{"base"')
    (FOLDER / "settings-golden.json").write_text(text + "\n")


main()
