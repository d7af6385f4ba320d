#!/usr/bin/env python3
"""Writes the checkpoints and float64 goldens that ModelCore's hand-written passes are held to.

usage: make_fixtures.py [OUT_DIR]     (default: the folder of this script)

The oracle is the decoder below: plain torch operations, float64 throughout (transformers in double
still computes RoPE, RMSNorm and softmax in float32, so it cannot be one), differentiated by autograd.
It is itself checked against transformers in float32, logits and gradients, before anything is written.
README.md describes the files.
"""
import json
import math
import platform
import random
import shutil
import sys
from pathlib import Path

import safetensors
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM, AutoModelForSequenceClassification, Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, GPT2Config,
    GPT2ForSequenceClassification, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, MistralConfig,
    MistralForCausalLM, Olmo2Config, Olmo2ForCausalLM, Olmo3Config, Olmo3ForCausalLM, Phi3Config, Phi3ForCausalLM,
    Qwen2Config, Qwen2ForCausalLM, Qwen2ForSequenceClassification, Qwen3Config, Qwen3ForCausalLM, Qwen3MoeConfig,
    Qwen3MoeForCausalLM)

BOS = 1
LOGIT_TOLERANCE = 1e-5  # largest absolute difference; logits are of order 1 to 10
# OLMo's residual stream enters products without a norm, so float32 rounds larger numbers.
LOGIT_TOLERANCE_OF_OLMO = 2e-5
GRADIENT_TOLERANCE = 1e-5  # |difference| / |gradient|, Euclidean, over all parameters
GRADIENT_SAMPLES = [1, 6]  # the samples whose gradients are written in full
# One checkpoint of each newer family has them.
WITHOUT_GRADIENTS = {"mistral-tied", "phi3-tied", "olmo2-tied", "gemma3-untied", "gemma3-capped", "gemma2-untied", "gpt-neox-sequential", "qwen2-window", "qwen3-moe-tied"}
REWARD_TOLERANCE = 1e-5  # largest absolute difference; rewards are of order 1

LLAMA3_ROPE = dict(  # with 6 dimensions a head: one frequency kept, one blended, one divided by 8
    rope_type="llama3", rope_theta=2000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=256)

YARN_ROPE = dict(  # with 10 dimensions a head: kept, blended and divided frequencies
    rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=64, beta_fast=6.0,
    beta_slow=1.5)


def sizes(vocabulary, hidden, mlp, layers, heads, key_value_heads, **rest):
    groups = {} if key_value_heads is None else dict(num_key_value_heads=key_value_heads)
    return dict(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=mlp, num_hidden_layers=layers,
        num_attention_heads=heads, max_position_embeddings=256, bos_token_id=BOS, eos_token_id=2, pad_token_id=0,
        **groups, **rest)


def gpt2_sizes(vocabulary, hidden, mlp, layers, heads):
    return dict(
        vocab_size=vocabulary, n_embd=hidden, n_inner=mlp, n_layer=layers, n_head=heads, n_positions=40,
        bos_token_id=BOS, eos_token_id=2, pad_token_id=0)


GPT2 = (GPT2Config, GPT2LMHeadModel)
QWEN3, QWEN2 = (Qwen3Config, Qwen3ForCausalLM), (Qwen2Config, Qwen2ForCausalLM)
QWEN3_MOE = (Qwen3MoeConfig, Qwen3MoeForCausalLM)
LLAMA = (LlamaConfig, LlamaForCausalLM)
MISTRAL, PHI3 = (MistralConfig, MistralForCausalLM), (Phi3Config, Phi3ForCausalLM)
OLMO2, OLMO3 = (Olmo2Config, Olmo2ForCausalLM), (Olmo3Config, Olmo3ForCausalLM)
GEMMA2 = (Gemma2Config, Gemma2ForCausalLM)
GEMMA3, NEOX = (Gemma3TextConfig, Gemma3ForCausalLM), (GPTNeoXConfig, GPTNeoXForCausalLM)
CHECKPOINTS = {  # name: family, configuration, stored type. Unequal sizes show a swapped dimension.
    "qwen3-tied": (QWEN3, sizes(
        64, 32, 8, 3, 4, 2, head_dim=6, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="default", rope_theta=1e4)), torch.float32),
    "qwen3-untied": (QWEN3, sizes(
        72, 32, 8, 2, 2, 1, head_dim=10, tie_word_embeddings=False,
        rope_parameters=dict(rope_type="default", rope_theta=1e6)), torch.float32),
    "qwen2-tied": (QWEN2, sizes(64, 32, 6, 2, 4, 2, tie_word_embeddings=True), torch.float32),
    "qwen2-untied": (QWEN2, sizes(64, 32, 8, 2, 8, 2, tie_word_embeddings=False), torch.float32),
    "qwen2-untied-bf16": (
        QWEN2, sizes(64, 32, 8, 2, 8, 2, tie_word_embeddings=False), torch.bfloat16),
    "llama-tied": (LLAMA, sizes(
        64, 32, 10, 2, 4, 4, head_dim=6, tie_word_embeddings=True, rms_norm_eps=1e-5,
        rope_parameters=LLAMA3_ROPE), torch.float32),
    "llama-untied": (LLAMA, sizes(64, 32, 8, 2, 4, 1, tie_word_embeddings=False), torch.float32),
    "gpt2": (GPT2, gpt2_sizes(64, 16, None, 2, 4), torch.float32),
    "gpt2-bare": (GPT2, gpt2_sizes(72, 24, 20, 3, 2), torch.float32),
    "llama-biases": (LLAMA, sizes(
        64, 32, 8, 2, 4, 2, head_dim=6, tie_word_embeddings=False, attention_bias=True, mlp_bias=True,
        rope_parameters=dict(rope_type="linear", rope_theta=1e4, factor=4.0)), torch.float32),
    "qwen3-yarn": (QWEN3, sizes(
        64, 32, 8, 2, 4, 2, head_dim=10, tie_word_embeddings=True, attention_bias=True,
        rope_parameters=YARN_ROPE), torch.float32),
    # Windows are shorter than most samples, so that they cut something off.
    "qwen2-window": (QWEN2, sizes(
        64, 32, 6, 3, 4, 2, tie_word_embeddings=True, use_sliding_window=True, sliding_window=6,
        max_window_layers=1), torch.float32),
    "mistral": (MISTRAL, sizes(
        64, 32, 8, 2, 4, 2, head_dim=6, tie_word_embeddings=False, sliding_window=5,
        rope_parameters=dict(rope_type="default", rope_theta=1e6)), torch.float32),
    "mistral-tied": (MISTRAL, sizes(
        64, 32, 8, 2, 4, 1, tie_word_embeddings=True, sliding_window=None), torch.float32),
    "phi3": (PHI3, sizes(
        64, 32, 8, 2, 4, 2, tie_word_embeddings=False, sliding_window=7), torch.float32),
    "phi3-tied": (PHI3, sizes(
        64, 32, 8, 2, 2, 1, tie_word_embeddings=True, rope_parameters=dict(
            rope_type="default", rope_theta=1e4, partial_rotary_factor=0.75)), torch.float32),
    "olmo2": (OLMO2, sizes(64, 32, 8, 2, 4, 2, tie_word_embeddings=False), torch.float32),
    "olmo2-tied": (OLMO2, sizes(
        64, 32, 8, 2, 4, 4, tie_word_embeddings=True, attention_bias=True), torch.float32),
    "olmo3": (OLMO3, sizes(
        64, 32, 8, 4, 4, 2, tie_word_embeddings=False, sliding_window=5, rope_parameters=dict(
            full_attention=dict(YARN_ROPE, rope_theta=500.0, beta_fast=9.0),
            sliding_attention=dict(rope_type="default", rope_theta=500.0))), torch.float32),
    "gemma3": (GEMMA3, sizes(
        64, 32, 8, 3, 4, 2, head_dim=6, tie_word_embeddings=True, sliding_window=4,
        query_pre_attn_scalar=9, layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters=dict(
            full_attention=dict(rope_type="linear", rope_theta=1e5, factor=8.0),
            sliding_attention=dict(rope_type="default", rope_theta=1e3))), torch.float32),
    "gemma3-untied": (GEMMA3, sizes(
        64, 32, 8, 2, 2, 1, head_dim=10, tie_word_embeddings=False, sliding_window=100,
        query_pre_attn_scalar=10), torch.float32),
    "gpt-neox": (NEOX, sizes(
        64, 32, 12, 2, 4, None, tie_word_embeddings=False, rope_parameters=dict(
            rope_type="default", rope_theta=1e4, partial_rotary_factor=0.25)), torch.float32),
    "gpt-neox-sequential": (NEOX, sizes(
        72, 24, 10, 3, 3, None, tie_word_embeddings=True, use_parallel_residual=False,
        rope_parameters=dict(rope_type="default", rope_theta=1e3, partial_rotary_factor=1.0)), torch.float32),
    "qwen3-moe": (QWEN3_MOE, sizes(
        64, 32, 8, 3, 4, 2, head_dim=6, tie_word_embeddings=False, num_experts=5, num_experts_per_tok=2,
        moe_intermediate_size=6, norm_topk_prob=True, mlp_only_layers=[1]), torch.float32),
    "qwen3-moe-tied": (QWEN3_MOE, sizes(
        64, 32, 8, 2, 2, 1, head_dim=10, tie_word_embeddings=True, num_experts=4, num_experts_per_tok=3,
        moe_intermediate_size=5, norm_topk_prob=False, decoder_sparse_step=2), torch.float32),
    # Caps are low, so that they bend scores and logits of a tiny model.
    "gemma3-capped": (GEMMA3, sizes(
        64, 32, 8, 2, 2, 1, head_dim=10, tie_word_embeddings=True, sliding_window=100,
        query_pre_attn_scalar=10, final_logit_softcapping=2.0), torch.float32),
    "gemma2": (GEMMA2, sizes(
        64, 32, 8, 3, 4, 2, head_dim=6, tie_word_embeddings=True, sliding_window=4, query_pre_attn_scalar=9,
        attn_logit_softcapping=0.5, final_logit_softcapping=3.0), torch.float32),
    "gemma2-untied": (GEMMA2, sizes(
        72, 32, 8, 2, 2, 1, head_dim=10, tie_word_embeddings=False, sliding_window=5, query_pre_attn_scalar=10,
        attn_logit_softcapping=None, final_logit_softcapping=1.5), torch.float32),
}

REWARDS = {  # name: classes, configuration. The end token 2 is the pad, absent, and another one.
    "gpt2-reward": ((GPT2Config, GPT2ForSequenceClassification), dict(
        gpt2_sizes(64, 16, None, 2, 4), pad_token_id=2)),
    "qwen2-reward": ((Qwen2Config, Qwen2ForSequenceClassification), dict(
        sizes(64, 16, 8, 2, 4, 2, tie_word_embeddings=False), pad_token_id=None)),
    "llama-reward-bare": ((LlamaConfig, LlamaForSequenceClassification), sizes(
        72, 16, 8, 2, 2, 1, tie_word_embeddings=False)),
}


# MARK: the float64 decoder

def inverse_frequencies(rope, D):
    """D/2 angles per position: theta^(-2i/D), for llama3 rescaled as in its reference code."""
    frequency = rope["rope_theta"] ** -(torch.arange(0, D, 2, dtype=torch.float64) / D)
    if rope["rope_type"] == "default":
        return frequency
    if rope["rope_type"] == "linear":
        return frequency / rope["factor"]
    if rope["rope_type"] == "yarn":  # 2309.00071, section 3.2; the ramp is over i, its ends are whole
        def place(turns):
            turned = rope["original_max_position_embeddings"] / (2 * math.pi * turns)
            return D * math.log(turned) / (2 * math.log(rope["rope_theta"]))

        low = max(math.floor(place(rope["beta_fast"])), 0)
        high = min(math.ceil(place(rope["beta_slow"])), D - 1)
        divided = ((torch.arange(D // 2, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
        assert (divided == 0).any() and ((divided > 0) & (divided < 1)).any()
        return frequency * (1 - divided) + frequency / rope["factor"] * divided
    # https://github.com/meta-llama/llama-models models/llama3/model.py, apply_scaling
    assert rope["rope_type"] == "llama3"
    turns = rope["original_max_position_embeddings"] * frequency / (2 * math.pi)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    kept = ((turns - low) / (high - low)).clamp(0, 1)  # 1: unchanged, 0: divided by the factor
    assert (kept == 1).any() and (kept == 0).any() and ((kept > 0) & (kept < 1)).any()
    return kept * frequency + (1 - kept) * frequency / rope["factor"]


def attention_factor(rope):
    """What YaRN multiplies cosines and sines by."""
    return 0.1 * math.log(rope["factor"]) + 1 if rope["rope_type"] == "yarn" else 1.0


def rms_norm(x, weight, epsilon):
    return weight * x / (x.square().mean(-1, keepdim=True) + epsilon).sqrt()


def rotate(x, angle):
    """x (heads, T, D): the pairs (i, i + r/2) of the first r dimensions turned by angle (T, r/2)."""
    rotated = 2 * angle.shape[-1]
    first, second = x[..., :rotated].chunk(2, -1)
    return torch.cat([first * angle.cos() - second * angle.sin(),
                      second * angle.cos() + first * angle.sin(), x[..., rotated:]], -1)


def layer_norm(x, weight, bias, epsilon):
    centered = x - x.mean(-1, keepdim=True)
    return weight * centered / (centered.square().mean(-1, keepdim=True) + epsilon).sqrt() + bias


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def gpt2_states(weights, config, tokens):
    """Normed states (T, C) of one sequence, positions from 0; matrices are stored as (inputs, outputs)."""
    H, C, T = config["n_head"], config["n_embd"], len(tokens)
    epsilon = config["layer_norm_epsilon"]
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    x = weights["transformer.wte.weight"][torch.tensor(tokens)] + weights["transformer.wpe.weight"][:T]
    for layer in range(config["n_layer"]):
        def both(name):
            return (weights[f"transformer.h.{layer}.{name}.{kind}"] for kind in ("weight", "bias"))

        def project(x, name):
            weight, bias = both(name)
            return x @ weight + bias

        q, k, v = (t.view(T, H, C // H).transpose(0, 1) for t in project(
            layer_norm(x, *both("ln_1"), epsilon), "attn.c_attn").split(C, -1))
        score = (q @ k.transpose(1, 2) / math.sqrt(C // H)).masked_fill(future, -math.inf)
        x = x + project((score.softmax(-1) @ v).transpose(0, 1).reshape(T, C), "attn.c_proj")
        a = layer_norm(x, *both("ln_2"), epsilon)
        x = x + project(gelu_new(project(a, "mlp.c_fc")), "mlp.c_proj")
    final = (weights[f"transformer.ln_f.{kind}"] for kind in ("weight", "bias"))
    return layer_norm(x, *final, epsilon)


def neox_states(weights, config, tokens):
    """Normed states (T, C) of one sequence: query, key and value of a head side by side, exact GELU."""
    H, C, T = config["num_attention_heads"], config["hidden_size"], len(tokens)
    D, epsilon, rope = C // H, config["layer_norm_eps"], config["rope_parameters"]
    rotated = int(D * rope["partial_rotary_factor"])
    angle = torch.arange(T, dtype=torch.float64)[:, None] * inverse_frequencies(rope, rotated)
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    x = weights["gpt_neox.embed_in.weight"][torch.tensor(tokens)]
    for layer in range(config["num_hidden_layers"]):
        def both(name):
            return (weights[f"gpt_neox.layers.{layer}.{name}.{kind}"] for kind in ("weight", "bias"))

        def project(x, name):
            weight, bias = both(name)
            return x @ weight.T + bias

        a = layer_norm(x, *both("input_layernorm"), epsilon)
        q, k, v = project(a, "attention.query_key_value").view(T, H, 3, D).permute(2, 1, 0, 3)
        score = (rotate(q, angle) @ rotate(k, angle).transpose(1, 2) / math.sqrt(D)).masked_fill(future, -math.inf)
        attended = project((score.softmax(-1) @ v).transpose(0, 1).reshape(T, C), "attention.dense")
        a = x if config["use_parallel_residual"] else x + attended
        a = project(layer_norm(a, *both("post_attention_layernorm"), epsilon), "mlp.dense_h_to_4h")
        gelu = a * (1 + torch.erf(a / math.sqrt(2))) / 2
        x = x + attended + project(gelu, "mlp.dense_4h_to_h")
    final = (weights[f"gpt_neox.final_layer_norm.{kind}"] for kind in ("weight", "bias"))
    return layer_norm(x, *final, epsilon)


TABLES = {"gpt2": "transformer.wte", "gpt_neox": "gpt_neox.embed_in"}


def forward(weights, config, tokens):
    """Logits (T, V) of one sequence, positions from 0."""
    table = TABLES.get(config["model_type"], "model.embed_tokens")
    head = weights.get(stored(config, "lm_head.weight"), weights[table + ".weight"])
    return capped(states(weights, config, tokens) @ head.T, config.get("final_logit_softcapping"))


def capped(x, cap):
    return x if cap is None else cap * (x / cap).tanh()


def states(weights, config, tokens):
    """Normed states (T, C) of one sequence, positions from 0."""
    kind = config["model_type"]
    if kind == "gpt2":
        return gpt2_states(weights, config, tokens)
    if kind == "gpt_neox":
        return neox_states(weights, config, tokens)
    H, G, D = (config[k] for k in ("num_attention_heads", "num_key_value_heads", "head_dim"))
    T, epsilon = len(tokens), config["rms_norm_eps"]
    is_gemma, is_olmo = kind.startswith("gemma"), kind.startswith("olmo")
    scaling = config["query_pre_attn_scalar"] if is_gemma else D
    embedding = weights["model.embed_tokens.weight"]
    x = embedding[torch.tensor(tokens)]
    if is_gemma:
        x = x * math.sqrt(config["hidden_size"])
    distance = torch.arange(T)[:, None] - torch.arange(T)
    for layer in range(config["num_hidden_layers"]):
        local = is_local(config, layer)
        rope = config["rope_parameters"]
        if "full_attention" in rope:
            rope = rope["sliding_attention" if local else "full_attention"]
        rotated = int(D * rope.get("partial_rotary_factor", 1))
        angle = torch.arange(T, dtype=torch.float64)[:, None] * inverse_frequencies(rope, rotated)
        unseen = distance < 0
        if local:
            unseen = unseen | (distance >= config["sliding_window"])

        def weight(name):
            return weights.get(f"model.layers.{layer}.{name}")

        def project(x, name):
            y, bias = x @ weight(name + ".weight").T, weight(name + ".bias")
            return y if bias is None else y + bias

        def norm(x, name):
            w = weight(name + ".weight")
            return rms_norm(x, 1 + w if is_gemma else w, epsilon)

        def heads(y, name, count):  # (T, C) -> (count, T, D), q/k norm before RoPE
            normed = weight(f"self_attn.{name}_norm.weight") is not None
            if normed and is_olmo:  # of all heads together
                return norm(y, f"self_attn.{name}_norm").view(T, count, D).transpose(0, 1)
            y = y.view(T, count, D)
            return (norm(y, f"self_attn.{name}_norm") if normed else y).transpose(0, 1)

        a = x if is_olmo else norm(x, "input_layernorm")
        if kind == "phi3":
            q, k, v = project(a, "self_attn.qkv_proj").split([H * D, G * D, G * D], -1)
        else:
            q, k, v = (project(a, f"self_attn.{name}_proj") for name in "qkv")
        factor = attention_factor(rope)
        q, k = factor * rotate(heads(q, "q", H), angle), factor * rotate(heads(k, "k", G), angle)
        k, v = (t.repeat_interleave(H // G, 0) for t in (k, heads(v, "v", G)))
        score = capped(q @ k.transpose(1, 2) / math.sqrt(scaling), config.get("attn_logit_softcapping"))
        score = score.masked_fill(unseen, -math.inf)
        y = project((score.softmax(-1) @ v).transpose(0, 1).reshape(T, H * D), "self_attn.o_proj")
        x = x + (norm(y, "post_attention_layernorm") if is_olmo or is_gemma else y)

        a = x if is_olmo else norm(x, "pre_feedforward_layernorm" if is_gemma else "post_attention_layernorm")
        if weight("mlp.gate.weight") is not None:
            x = x + mixture(a, weight, config)
            continue
        if kind == "phi3":
            gate, up = project(a, "mlp.gate_up_proj").chunk(2, -1)
        else:
            gate, up = project(a, "mlp.gate_proj"), project(a, "mlp.up_proj")
        y = project((gelu_new(gate) if is_gemma else gate * gate.sigmoid()) * up, "mlp.down_proj")
        x = x + (norm(y, "post_feedforward_layernorm") if is_olmo or is_gemma else y)
    final = weights["model.norm.weight"]
    return rms_norm(x, 1 + final if is_gemma else final, epsilon)


def mixture(a, weight, config):
    """The outputs (T, C) of a layer's experts: each row's likeliest ones, weighted with their probabilities."""
    probabilities = (a @ weight("mlp.gate.weight").T).softmax(-1)
    chosen = probabilities.detach().topk(config["num_experts_per_tok"], -1).indices
    rows = []
    for row, own, experts in zip(a, probabilities, chosen.tolist()):
        total = sum(own[e] for e in experts) if config["norm_topk_prob"] else 1
        y = 0
        for e in experts:
            gate, up, down = (weight(f"mlp.experts.{e}.{name}_proj.weight") for name in ("gate", "up", "down"))
            inner = gate @ row
            y = y + own[e] / total * (down @ (inner * inner.sigmoid() * (up @ row)))
        rows.append(y)
    return torch.stack(rows)


def is_local(config, layer):
    """Whether a layer sees the last tokens only."""
    if config.get("layer_types"):
        return config["layer_types"][layer] == "sliding_attention"
    return config["model_type"] in ("mistral", "phi3") and config["sliding_window"] is not None


# MARK: objectives

def token_rows(logits, context, response):
    """Log-probabilities and entropies of the scored tokens: all, or y_2.. without a context."""
    skipped = 0 if context else 1
    rows = logits[len(context) - 1 + skipped: -1].log_softmax(-1)
    scored = torch.tensor(response[skipped:])
    return rows.gather(1, scored[:, None])[:, 0], -(rows.exp() * rows).sum(-1)


def gradients(weights, config, context, response, first_scored):
    """Token rows, and the gradient of the mean log-probability over y_t, t >= first_scored."""
    leaves = {name: w.clone().requires_grad_() for name, w in weights.items()}
    logp, entropy = token_rows(forward(leaves, config, context + response), context, response)
    dropped = first_scored if context else 0
    grads = torch.autograd.grad(logp[dropped:].mean(), list(leaves.values()), materialize_grads=True)
    missing = [None] * (len(response) - len(logp))
    return (missing + logp.tolist(), missing + entropy.tolist(), dict(zip(leaves, grads)))


def dot(a, b):
    return (a * b).sum().item()


def measure(weights, config, sample):
    prompt, response, null = sample["prompt"], sample["response"], sample["null_context"]
    first = 0 if null else 1  # both contexts score the same tokens
    logp_m, entropy_m, m = gradients(weights, config, null, response, first)
    logp_c, entropy_c, c = gradients(weights, config, prompt, response, first)
    products = [[dot(a[name], b[name]) for name in weights] for a, b in ((m, c), (m, m), (c, c))]
    inner, square_m, square_c = (math.fsum(row) for row in products)
    row = dict(
        sample, first_scored=first,
        logp_marginal=logp_m, logp_conditional=logp_c,
        entropy_marginal=entropy_m, entropy_conditional=entropy_c,
        inner_product=inner, squared_norm_marginal=square_m, squared_norm_conditional=square_c,
        cosine=inner / math.sqrt(square_m * square_c),
        parameters=dict(zip(
            ("inner_product", "squared_norm_marginal", "squared_norm_conditional"), products)))
    return row, m, c


# MARK: checkpoints and samples

def initialise(model, generator):
    """Weights far from the defaults, so that a dropped term changes every golden."""
    center = 0 if "Gemma" in type(model).__name__ else 1  # Gemma stores w - 1
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        if name.endswith(".weight") and p.dim() == 1:
            p.data = center + 0.3 * noise
        elif name.endswith(".bias"):
            p.data = 0.4 * noise
        elif any(table in name for table in ("embed_tokens", "embed_in", "lm_head", "wte", "wpe")):
            p.data = 0.4 * noise
        elif ".h." in name:  # (inputs, outputs)
            p.data = noise / math.sqrt(p.shape[0])
        else:
            p.data = noise / math.sqrt(p.shape[-1])


def make_samples(seed, vocabulary):
    r = random.Random(seed)

    def tokens(count):  # ids from a narrow band, so that they repeat within and across x and y
        return [r.randrange(3, 12) if r.random() < 0.6 else r.randrange(3, vocabulary)
                for _ in range(count)]

    samples = [
        dict(prompt=[BOS] + tokens(5), response=tokens(8) + [2], null_context=[BOS]),
        dict(prompt=[BOS] + tokens(11), response=tokens(16) + [2], null_context=[BOS]),
        dict(prompt=[BOS] + tokens(3), response=tokens(1), null_context=[BOS]),
        dict(prompt=[BOS], response=tokens(6), null_context=[BOS]),
        dict(prompt=tokens(1), response=tokens(2), null_context=[BOS]),
        dict(prompt=[7, 7, 7, 9], response=[7, 9, 7, 7, 9, 9, 7, 2], null_context=[BOS]),
    ]
    # The same response without a context (y_1 is not scored), and after three ids.
    samples.append(dict(samples[0], null_context=[]))
    samples.append(dict(samples[0], null_context=[9, BOS, 5]))
    return samples


def stored(config, name):
    """The name of a parameter in files."""
    return "embed_out.weight" if config["model_type"] == "gpt_neox" and name == "lm_head.weight" else name


def stored_parts(config, name, tensor):
    """The tensors of a parameter in files: transformers holds all experts of a layer in one tensor, files have one each."""
    if ".mlp.experts." not in name:
        return {stored(config, name): tensor}
    layer, kind = name.split("experts.")
    parts = {}
    for e, own in enumerate(tensor):
        names = ["gate_proj", "up_proj"] if kind == "gate_up_proj" else [kind]
        parts |= {f"{layer}experts.{e}.{n}.weight": p for n, p in zip(names, own.chunk(len(names)))}
    return parts


def verify(folder, weights, config, samples):
    """Largest logit and gradient deviation of transformers, float32, from the float64 decoder."""
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager",
        **(dict(experts_implementation="eager") if "num_experts_per_tok" in config else {}))
    assert {part for n, p in model.named_parameters() for part in stored_parts(config, n, p)} == set(weights)
    worst_logit = worst_gradient = 0.0
    for sample in samples:
        context, response = sample["prompt"], sample["response"]
        tokens = context + response
        logits = model(torch.tensor([tokens]), use_cache=False).logits[0]
        deviation = (logits.double() - forward(weights, config, tokens)).abs().max().item()
        objective = token_rows(logits, context, response)[0].mean()
        names, parameters = zip(*model.named_parameters())
        theirs = torch.autograd.grad(objective, parameters)
        ours = gradients(weights, config, context, response, 0)[2]
        gap = sum((part.double() - ours[own]).square().sum().item()
                  for n, g in zip(names, theirs) for own, part in stored_parts(config, n, g).items())
        norm = sum(g.square().sum().item() for g in ours.values())
        worst_logit = max(worst_logit, deviation)
        worst_gradient = max(worst_gradient, math.sqrt(gap / norm))
    limit = LOGIT_TOLERANCE_OF_OLMO if config["model_type"].startswith("olmo") else LOGIT_TOLERANCE
    assert worst_logit < limit and worst_gradient < GRADIENT_TOLERANCE, (
        folder, worst_logit, worst_gradient)
    return worst_logit, worst_gradient


def old_spelling(config):
    """transformers 4's spelling: `rope_theta` and `rope_scaling` beside the other keys."""
    rope = dict(config.pop("rope_parameters"))
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    config["torch_dtype"] = config.pop("dtype")
    if config["head_dim"] * config["num_attention_heads"] == config["hidden_size"]:
        del config["head_dim"]  # absent from Llama 2's files: the reader divides
    return config


def write_without_prefix(folder, prefix):
    """As files of the model without a head are: no `model.` before the names."""
    path = folder / "model.safetensors"
    tensors = {name.removeprefix(prefix): w for name, w in load_file(path).items()}
    save_file(tensors, path, metadata=dict(format="pt"))


def write_bare(folder, config):
    """As the first GPT-2 files are: no `transformer.` before the names, masks among the tensors."""
    path = folder / "model.safetensors"
    tensors = {k.removeprefix("transformer."): w for k, w in load_file(path).items()}
    positions = config["n_positions"]
    for layer in range(config["n_layer"]):
        mask = torch.ones(positions, positions).tril().view(1, 1, positions, positions)
        tensors[f"h.{layer}.attn.bias"] = mask
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(tensors, path, metadata=dict(format="pt"))


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def save(model, folder, **options):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **options)
    (folder / "generation_config.json").unlink(missing_ok=True)


def write_checkpoint(out, name, seed):
    (config_class, model_class), configuration, dtype = CHECKPOINTS[name]
    folder = out / name
    model = model_class(config_class(**configuration))
    initialise(model, torch.Generator().manual_seed(seed))
    model.to(dtype)
    save(model, folder)
    if name == "qwen3-tied":
        sharded = out / "qwen3-tied-sharded"
        save(model, sharded, max_shard_size="28KB")
        assert len(list(sharded.glob("*.safetensors"))) == 2

    config = json.loads((folder / "config.json").read_text())
    resolved = dict(config)
    if config["model_type"] != "gpt2":
        resolved.setdefault("head_dim", config["hidden_size"] // config["num_attention_heads"])
        resolved["head_dim"] = resolved["head_dim"] or config["hidden_size"] // config["num_attention_heads"]
    if name == "llama-untied":
        write_json(folder / "config.json", old_spelling(config))
    if name == "llama-tied":  # an alternative of the same meaning, beside the real one
        write_json(folder / "config.old-spelling.json", old_spelling(config))

    weights = {k: w.double() for k, w in sorted(load_file(folder / "model.safetensors").items())}
    samples = make_samples(seed, configuration["vocab_size"])
    deviations = verify(folder, weights, resolved, samples)
    if name == "llama-tied":
        other = out / "old-spelling"
        shutil.copytree(folder, other)
        (other / "config.old-spelling.json").rename(other / "config.json")
        verify(other, weights, resolved, samples)
        shutil.rmtree(other)
    if name == "gpt2-bare":
        write_bare(folder, config)
        verify(folder, weights, resolved, samples)
    if name == "qwen3-tied":
        verify(out / "qwen3-tied-sharded", weights, resolved, samples)

    rows, tensors = [], {}
    for i, sample in enumerate(samples):
        row, m, c = measure(weights, resolved, sample)
        rows.append(row)
        if i in GRADIENT_SAMPLES and dtype == torch.float32 and name not in WITHOUT_GRADIENTS:
            tensors |= {f"sample.{i}.marginal.{k}": g for k, g in m.items()}
            tensors |= {f"sample.{i}.conditional.{k}": g for k, g in c.items()}
    assert abs(rows[3]["cosine"] - 1) < 1e-12, "prompt == null context"
    if tensors:
        save_file(tensors, folder / "golden.safetensors")
    golden = dict(
        parameter_names=list(weights), gradient_samples=GRADIENT_SAMPLES if tensors else [],
        samples=rows)
    # Python writes the shortest decimal that reads back as the same double.
    text = json.dumps(golden, allow_nan=False)
    (folder / "golden.json").write_text(text.replace('{"prompt"', '\n{"prompt"') + "\n")
    cosines = " ".join(f"{row['cosine']:.3f}" for row in rows)
    print(f"{name:18} {sum(w.numel() for w in weights.values()):6} parameters  "
          f"logits {deviations[0]:.1e}  "
          f"gradients {deviations[1]:.1e}  cosines {cosines}")


# MARK: reward models

def reward_sequences(seed, vocabulary):
    """Sequences of many lengths; the end token 2 is inside, at the end, repeated, or everything."""
    r = random.Random(seed)

    def tokens(count):
        return [r.randrange(3, vocabulary) for _ in range(count)]

    return [
        tokens(1), tokens(2), tokens(9), tokens(23), tokens(40),
        tokens(4) + [2] + tokens(3),  # context<|endoftext|>response
        tokens(3) + [2] + tokens(5) + [2] + tokens(2) + [2],
        tokens(5) + [2, 2, 2], [2], [2] + tokens(6), [0, 0] + tokens(4) + [0], tokens(6) + [0]]


def write_reward_model(out, name, seed):
    """A `...ForSequenceClassification` with one label, and the score of each sequence's last token."""
    (config_class, model_class), configuration = REWARDS[name]
    folder = out / name
    model = model_class(config_class(num_labels=1, **configuration))
    initialise(model, torch.Generator().manual_seed(seed))
    save(model, folder)
    config = json.loads((folder / "config.json").read_text())
    resolved = dict(config)
    if config["model_type"] != "gpt2":
        resolved.setdefault("head_dim", config["hidden_size"] // config["num_attention_heads"])
    weights = {k: w.double() for k, w in sorted(load_file(folder / "model.safetensors").items())}
    assert weights["score.weight"].shape == (1, 16)
    if name.endswith("bare"):
        write_without_prefix(folder, "model.")
    theirs = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    rows, worst, pooled_elsewhere = [], 0.0, 0
    for tokens in reward_sequences(seed, configuration["vocab_size"]):
        reward = (states(weights, resolved, tokens)[-1] @ weights["score.weight"][0]).item()
        # transformers' own choice of a token goes by the pad's id: only a state that is read at the last
        # token tells the score of a sequence that ends in it.
        pooled = theirs(torch.tensor([tokens]), use_cache=False).logits.item()
        trunk = getattr(theirs, theirs.base_model_prefix)
        last = theirs.score(trunk(torch.tensor([tokens]), use_cache=False).last_hidden_state)[0, -1].item()
        worst = max(worst, abs(last - reward))
        if theirs.config.pad_token_id is None or tokens[-1] != theirs.config.pad_token_id:
            assert last == pooled, (name, tokens)
        pooled_elsewhere += last != pooled
        rows.append(dict(tokens=tokens, reward=reward))
    assert worst < REWARD_TOLERANCE, (name, worst)
    text = json.dumps(dict(sequences=rows), allow_nan=False)
    (folder / "golden.json").write_text(text.replace('{"tokens"', '\n{"tokens"') + "\n")
    rewards = [row["reward"] for row in rows]
    print(f"{name:18} {sum(w.numel() for w in weights.values()):6} parameters  rewards {min(rewards):.3f} .. "
          f"{max(rewards):.3f}, {worst:.1e} < {REWARD_TOLERANCE:g}; transformers reads another token in "
          f"{pooled_elsewhere} of {len(rows)}")


# MARK: adapters

ADAPTERS = {  # name: base, settings. The second changes matrices that are stored transposed.
    "lora-qwen3": ("qwen3-tied", dict(
        r=3, lora_alpha=5, target_modules=["q_proj", "down_proj", "gate_proj"])),
    "lora-gpt2": ("gpt2", dict(
        r=2, lora_alpha=3, use_rslora=True, target_modules=["c_attn", "c_fc"], fan_in_fan_out=True)),
}


def write_adapter(out, name, seed):
    """A LoRA adapter of PEFT on another fixture, and the goldens of the two together."""
    from peft import LoraConfig, PeftModel, get_peft_model

    base, settings = ADAPTERS[name]
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(out / base, dtype=torch.float32),
                           LoraConfig(task_type="CAUSAL_LM", **settings))
    generator = torch.Generator().manual_seed(seed)
    for key, p in model.named_parameters():
        if "lora_" in key:
            p.data = 0.15 * torch.randn(p.shape, generator=generator)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    adapter = json.loads((folder / "adapter_config.json").read_text())
    adapter["base_model_name_or_path"] = None  # the path of this machine
    write_json(folder / "adapter_config.json", adapter)

    config = json.loads((out / base / "config.json").read_text())
    if config["model_type"] != "gpt2":
        config.setdefault("head_dim", config["hidden_size"] // config["num_attention_heads"])
    weights = {k: w.double() for k, w in sorted(load_file(out / base / "model.safetensors").items())}
    r, alpha = settings["r"], settings["lora_alpha"]
    scale = alpha / (math.sqrt(r) if settings.get("use_rslora") else r)
    factors = {k: w.double() for k, w in load_file(folder / "adapter_model.safetensors").items()}
    for key in [k for k in factors if ".lora_A." in k]:
        product = scale * factors[key.replace(".lora_A.", ".lora_B.")] @ factors[key]
        target = key.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")
        weights[target] = weights[target] + (product.T if settings.get("fan_in_fan_out") else product)
    samples = make_samples(seed, config["vocab_size"])
    theirs = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(out / base, dtype=torch.float32), folder).eval()
    worst = 0.0
    for sample in samples:
        tokens = sample["prompt"] + sample["response"]
        logits = theirs(torch.tensor([tokens]), use_cache=False).logits[0]
        worst = max(worst, (logits.double() - forward(weights, config, tokens)).abs().max().item())
    assert worst < LOGIT_TOLERANCE, (name, worst)
    rows = [measure(weights, config, sample)[0] for sample in samples]
    text = json.dumps(dict(parameter_names=list(weights), gradient_samples=[], samples=rows), allow_nan=False)
    (folder / "golden.json").write_text(text.replace('{"prompt"', '\n{"prompt"') + "\n")
    print(f"{name:18} {len(factors) // 2:6} matrices  logits {worst:.1e}")


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    torch.set_num_threads(1)  # one order of summation
    print(f"python {platform.python_version()}, torch {torch.__version__}, "
          f"transformers {transformers.__version__}, safetensors {safetensors.__version__}")
    for seed, name in enumerate(CHECKPOINTS, start=1):
        # The bf16 checkpoint is its float32 sibling, rounded.
        write_checkpoint(out, name, seed - 1 if name.endswith("bf16") else seed)
    for seed, name in enumerate(REWARDS, start=101):
        write_reward_model(out, name, seed)
    for seed, name in enumerate(ADAPTERS, start=201):
        write_adapter(out, name, seed)


if __name__ == "__main__":
    main()
