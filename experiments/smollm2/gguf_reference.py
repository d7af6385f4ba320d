"""An independent reading of a GGUF file: its bytes, its blocks and a forward pass in float64.

For check_checkpoint.py. It shares nothing with make_checkpoint.py: the file is parsed here, the blocks are
decoded here, and the rotation acts on neighbouring rows as in llama.cpp, so that no projection is
permuted. Needs numpy.
"""

import struct
from pathlib import Path
from typing import Any

import numpy as np

# Formats of the value types 0 to 12 of the metadata; 8 is a string, 9 an array.
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
F32, Q4_1, Q8_0 = 0, 3, 8  # tensor types


class GGUF:
    """The metadata and the tensors of a file, decoded on request."""

    def __init__(self, path: str) -> None:
        self.data = Path(path).read_bytes()
        self.place = 0
        if self.take("4s") != b"GGUF" or self.take("I") != 3:
            raise ValueError(f"{path}: not a GGUF file of version 3")
        tensor_count, key_count = self.take("Q"), self.take("Q")
        self.metadata = {self.string(): self.value(self.take("I")) for _ in range(key_count)}
        self.tensors: dict[str, tuple[list[int], int, int]] = {}
        for _ in range(tensor_count):
            name = self.string()
            sizes = [self.take("Q") for _ in range(self.take("I"))]
            self.tensors[name] = (sizes[::-1], self.take("I"), self.take("Q"))
        alignment = self.metadata.get("general.alignment", 32)
        self.start = -(-self.place // alignment) * alignment

    def take(self, kind: str) -> Any:
        value = struct.unpack_from("<" + kind, self.data, self.place)[0]
        self.place += struct.calcsize("<" + kind)
        return value

    def string(self) -> str:
        return self.take(f"{self.take('Q')}s").decode("utf-8")

    def value(self, kind: int) -> Any:
        if kind == 8:
            return self.string()
        if kind == 9:
            element, count = self.take("I"), self.take("Q")
            return [self.value(element) for _ in range(count)]
        return self.take(SCALARS[kind])

    def tensor(self, name: str) -> np.ndarray:
        """The tensor in float64."""
        shape, kind, offset = self.tensors[name]
        count, place = int(np.prod(shape)), self.start + offset
        if kind == F32:
            values = np.frombuffer(self.data, "<f4", count, place).astype(np.float64)
        elif kind == Q8_0:
            # 32 weights: a scale and 32 signed bytes.
            block = np.dtype([("scale", "<f2"), ("levels", "i1", 32)])
            blocks = np.frombuffer(self.data, block, count // 32, place)
            values = blocks["levels"] * blocks["scale"].astype(np.float64)[:, None]
        elif kind == Q4_1:
            # 32 weights: a scale, a minimum and 16 bytes. The low halves of the bytes come first.
            block = np.dtype([("scale", "<f2"), ("least", "<f2"), ("bytes", "u1", 16)])
            blocks = np.frombuffer(self.data, block, count // 32, place)
            levels = np.concatenate([blocks["bytes"] & 15, blocks["bytes"] >> 4], axis=1)
            values = levels * blocks["scale"].astype(np.float64)[:, None]
            values += blocks["least"].astype(np.float64)[:, None]
        else:
            raise ValueError(f"{name} has tensor type {kind} (expected F32, Q4_1 or Q8_0)")
        return values.reshape(shape)


class Reference:
    """A Llama without a cache."""

    def __init__(self, file: GGUF) -> None:
        self.file = file
        get = file.metadata.__getitem__
        self.layers, self.heads = get("llama.block_count"), get("llama.attention.head_count")
        self.shared_heads = get("llama.attention.head_count_kv")
        self.epsilon = get("llama.attention.layer_norm_rms_epsilon")
        self.base, self.rotated = get("llama.rope.freq_base"), get("llama.rope.dimension_count")
        self.embedding = file.tensor("token_embd.weight")
        tied = "output.weight" not in file.tensors
        self.output = self.embedding if tied else file.tensor("output.weight")

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        scale = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.epsilon)
        return x / scale * self.file.tensor(name)

    def rotate(self, x: np.ndarray) -> np.ndarray:
        """Turns the pairs (2i, 2i+1) of each head; x is position × head × channel."""
        angles = np.arange(len(x))[:, None] * self.base ** (-np.arange(0, self.rotated, 2) / self.rotated)
        turned = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)[:, None, :]
        return np.stack([turned.real, turned.imag], axis=-1).reshape(x.shape)

    def attend(self, x: np.ndarray, prefix: str) -> np.ndarray:
        def heads(name: str, count: int) -> np.ndarray:
            return (x @ self.file.tensor(f"{prefix}{name}.weight").T).reshape(len(x), count, -1)

        query = self.rotate(heads("attn_q", self.heads))
        key = self.rotate(heads("attn_k", self.shared_heads))
        value = heads("attn_v", self.shared_heads)
        future = np.triu(np.ones((len(x), len(x)), bool), 1)
        outputs = []
        for head in range(self.heads):
            shared = head * self.shared_heads // self.heads
            scores = query[:, head] @ key[:, shared].T / np.sqrt(query.shape[-1])
            scores[future] = -np.inf
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            outputs.append(weights / weights.sum(axis=-1, keepdims=True) @ value[:, shared])
        return np.concatenate(outputs, axis=-1) @ self.file.tensor(prefix + "attn_output.weight").T

    def feed_forward(self, x: np.ndarray, prefix: str) -> np.ndarray:
        gate = x @ self.file.tensor(prefix + "ffn_gate.weight").T
        up = x @ self.file.tensor(prefix + "ffn_up.weight").T
        return (gate / (1 + np.exp(-gate)) * up) @ self.file.tensor(prefix + "ffn_down.weight").T

    def logits(self, ids: list[int]) -> np.ndarray:
        x = self.embedding[ids]
        for layer in range(self.layers):
            prefix = f"blk.{layer}."
            x = x + self.attend(self.norm(x, prefix + "attn_norm.weight"), prefix)
            x = x + self.feed_forward(self.norm(x, prefix + "ffn_norm.weight"), prefix)
        return self.norm(x, "output_norm.weight") @ self.output.T
