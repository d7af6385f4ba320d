#!/usr/bin/env python3
"""Writes a Hugging Face folder from a GGUF file of a Llama-type model with a `smollm` tokenizer.

    make_checkpoint.py MODEL.gguf FOLDER

Everything comes from the GGUF file: its metadata, its tensors and its tokenizer. The weights are
dequantised and written as float32, which holds every value of the quantised blocks exactly; bfloat16
would not. Needs gguf, numpy and safetensors.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.numpy import save_file

CONTROL_TOKEN = 3  # of tokenizer.ggml.token_type
NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def fail(message: str) -> None:
    sys.exit(f"make_checkpoint.py: {message}")


class Metadata:
    """The key-value pairs of a GGUF file."""

    def __init__(self, reader: GGUFReader, path: str) -> None:
        self.fields, self.path = reader.fields, path

    def __contains__(self, key: str) -> bool:
        return key in self.fields

    def __getitem__(self, key: str) -> Any:
        if key not in self.fields:
            fail(f"{self.path}: no {key} (expected a Llama-type model with its tokenizer)")
        return self.fields[key].contents()

    def float(self, key: str) -> float:
        # A float32 is written in its shortest form: 1e-05, not 9.999999747378752e-06.
        return float(str(np.float32(self[key])))

    def expect(self, key: str, wanted: Any) -> None:
        if self[key] != wanted:
            fail(f"{self.path}: {key} is {self[key]!r} (expected {wanted!r})")


def configuration(data: Metadata, is_tied: bool) -> dict[str, Any]:
    data.expect("general.architecture", "llama")
    scaled = [key for key in data.fields if key.startswith("llama.rope.scaling")]
    if scaled:
        fail(f"{data.path}: {scaled[0]} is set (expected no scaling of the rotation)")
    heads = data["llama.attention.head_count"]
    width = data["llama.embedding_length"]
    # The rotation must cover whole heads: a Hugging Face Llama has no other kind.
    data.expect("llama.rope.dimension_count", width // heads)
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "attention_bias": False,
        "bos_token_id": data["tokenizer.ggml.bos_token_id"],
        "eos_token_id": data["tokenizer.ggml.eos_token_id"],
        "head_dim": width // heads,
        "hidden_act": "silu",
        "hidden_size": width,
        "intermediate_size": data["llama.feed_forward_length"],
        "max_position_embeddings": data["llama.context_length"],
        "mlp_bias": False,
        "num_attention_heads": heads,
        "num_hidden_layers": data["llama.block_count"],
        "num_key_value_heads": data["llama.attention.head_count_kv"],
        "pad_token_id": data["tokenizer.ggml.padding_token_id"],
        "rms_norm_eps": data.float("llama.attention.layer_norm_rms_epsilon"),
        "rope_scaling": None,
        "rope_theta": data.float("llama.rope.freq_base"),
        "tie_word_embeddings": is_tied,
        "torch_dtype": "float32",
        "vocab_size": data["llama.vocab_size"],
    }


def hugging_face_name(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    parts = name.split(".")
    if len(parts) != 4 or parts[0] != "blk" or parts[2] not in LAYER_NAMES or parts[3] != "weight":
        fail(f"unknown tensor {name!r} (expected those of a Llama-type model)")
    return f"model.layers.{parts[1]}.{LAYER_NAMES[parts[2]]}.weight"


def halves_from_pairs(weight: np.ndarray, heads: int) -> np.ndarray:
    """Puts the rows of a query or key projection into Hugging Face's order.

    llama.cpp rotates neighbouring rows of a head (2i, 2i+1), Hugging Face the rows i and i + size/2. So
    the conversion to GGUF interleaved the two halves of each head, and this separates them again.
    """
    pairs = weight.reshape(heads, weight.shape[0] // heads // 2, 2, weight.shape[1])
    return pairs.swapaxes(1, 2).reshape(weight.shape)


def weights(reader: GGUFReader, config: dict[str, Any]) -> dict[str, np.ndarray]:
    tensors: dict[str, np.ndarray] = {}
    for tensor in reader.tensors:
        weight = dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        # GGUF writes the shape with the fastest axis first.
        weight = weight.reshape([int(size) for size in reversed(tensor.shape)])
        if tensor.name.endswith("attn_q.weight"):
            weight = halves_from_pairs(weight, config["num_attention_heads"])
        elif tensor.name.endswith("attn_k.weight"):
            weight = halves_from_pairs(weight, config["num_key_value_heads"])
        tensors[hugging_face_name(tensor.name)] = np.ascontiguousarray(weight)
    expected = 9 * config["num_hidden_layers"] + (2 if config["tie_word_embeddings"] else 3)
    if len(tensors) != expected:
        fail(f"{len(tensors)} tensors (expected {expected})")
    return tensors


def tokenizer(data: Metadata) -> dict[str, Any]:
    data.expect("tokenizer.ggml.model", "gpt2")
    # The name stands for the pre-tokenizer below.
    data.expect("tokenizer.ggml.pre", "smollm")
    tokens, types = data["tokenizer.ggml.tokens"], data["tokenizer.ggml.token_type"]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": index,
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for index, (token, kind) in enumerate(zip(tokens, types))
            if kind == CONTROL_TOKEN
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {
                    "type": "ByteLevel",
                    "add_prefix_space": False,
                    "trim_offsets": True,
                    "use_regex": True,
                },
            ],
        },
        "post_processor": None,
        "decoder": {
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": True,
            "use_regex": True,
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            # The vocabulary lacks 21 bytes. As in the original file there is no unknown token, so
            # Hugging Face's tokenizers leaves such bytes out.
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: index for index, token in enumerate(tokens)},
            "merges": data["tokenizer.ggml.merges"],
        },
    }


def tokenizer_configuration(data: Metadata) -> dict[str, Any]:
    tokens = data["tokenizer.ggml.tokens"]
    return {
        # Reads tokenizer.json as it is. GPT2Tokenizer would put its own pre-tokenizer in place.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "bos_token": tokens[data["tokenizer.ggml.bos_token_id"]],
        "eos_token": tokens[data["tokenizer.ggml.eos_token_id"]],
        "unk_token": tokens[data["tokenizer.ggml.unknown_token_id"]],
        "pad_token": tokens[data["tokenizer.ggml.padding_token_id"]],
        "model_max_length": data["llama.context_length"],
    }


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    if len(sys.argv) != 3:
        fail("wrong arguments (expected MODEL.gguf FOLDER)")
    source, folder = sys.argv[1], Path(sys.argv[2])
    try:
        reader = GGUFReader(source)
    except (OSError, ValueError) as error:
        fail(f"{source}: {error} (expected a GGUF file)")
    data = Metadata(reader, source)
    config = configuration(data, is_tied=all(t.name != "output.weight" for t in reader.tensors))
    tensors = weights(reader, config)

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    write_json(folder / "tokenizer.json", tokenizer(data))
    write_json(folder / "tokenizer_config.json", tokenizer_configuration(data))
    keys = ("bos_token_id", "eos_token_id", "pad_token_id")
    write_json(folder / "generation_config.json", {key: config[key] for key in keys})
    (folder / "chat_template.jinja").write_text(data["tokenizer.chat_template"], encoding="utf-8")
    # Last and under another name first: a folder with model.safetensors is complete.
    unfinished = folder / "model.safetensors.part"
    save_file(tensors, unfinished, metadata={"format": "pt"})
    unfinished.replace(folder / "model.safetensors")

    kinds: dict[str, int] = {}
    for tensor in reader.tensors:
        kinds[tensor.tensor_type.name] = kinds.get(tensor.tensor_type.name, 0) + 1
    count = sum(weight.size for weight in tensors.values())
    print(f"{folder}: {count:,} weights, tensors " + ", ".join(f"{n} {k}" for k, n in kinds.items()))


if __name__ == "__main__":
    main()
