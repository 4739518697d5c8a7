"""The network, wide ones begun from narrow ones and back, and the Hugging Face folder it is kept in."""

# pyright: reportMissingImports=false

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from tts.training.architecture import (
    ASSISTANT,
    END,
    PAD,
    SCORERS,
    STEP_MARK,
    USER,
    Architecture,
    ModelName,
    build_tokenizer,
    token_id,
)

_NEW_OUTPUT_PARTS = ("o_proj", "down_proj")


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        width, bias = shape.heads * shape.head_dim, shape.query_key_value_bias
        self.heads = shape.heads
        self.q_proj = nn.Linear(shape.hidden, width, bias=bias)
        self.k_proj = nn.Linear(shape.hidden, width, bias=bias)
        self.v_proj = nn.Linear(shape.hidden, width, bias=bias)
        self.o_proj = nn.Linear(width, shape.hidden, bias=False)

    def forward(self, hidden: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(rows, tokens, hidden) to the same shape."""
        rows, tokens, _ = hidden.shape
        query, key, value = (
            projection(hidden).view(rows, tokens, self.heads, -1).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed = functional.scaled_dot_product_attention(
            rotate(query, cosine, sine), rotate(key, cosine, sine), value, is_causal=True
        )
        return self.o_proj(mixed.transpose(1, 2).reshape(rows, tokens, -1))


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.hidden, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """(rows, tokens, hidden) to the same shape."""
        return self.down_proj(functional.silu(self.gate_proj(hidden)) * self.up_proj(hidden))


class Block(nn.Module):
    """Attention and feed-forward, each behind a norm and around a residual."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.hidden, shape.norm_epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.hidden, shape.norm_epsilon)
        self.mlp = FeedForward(shape)

    def forward(self, hidden: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(rows, tokens, hidden) to the same shape."""
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), cosine, sine)
        return hidden + self.mlp(self.post_attention_layernorm(hidden))


class Network(nn.Module):
    """Embeddings, blocks and the last norm; logits come from the tied embeddings."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.hidden, shape.norm_epsilon)
        self.apply(_initialise)

    def forward(self, tokens: Tensor) -> Tensor:
        """(rows, tokens) of ids to (rows, tokens, hidden)."""
        cosine, sine = rotations(tokens.shape[1], self.shape)
        hidden = self.embed_tokens(tokens)
        for layer in self.layers:
            hidden = layer(hidden, cosine, sine)
        return self.norm(hidden)

    def block(self, place: int) -> Block:
        """One layer."""
        block = self.layers[place]
        assert isinstance(block, Block)
        return block

    def logits(self, hidden: Tensor) -> Tensor:
        """(…, hidden) to (…, vocabulary)."""
        return functional.linear(hidden, self.embed_tokens.weight)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.05)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def rotations(tokens: int, shape: Architecture) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position, (tokens, head_dim) each."""
    exponents = torch.arange(0, shape.head_dim, 2, dtype=torch.float32) / shape.head_dim
    angles = torch.arange(tokens)[:, None] / shape.rope_theta**exponents
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def rotate(states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """States (…, tokens, head_dim) as their positions turn them."""
    first, second = states.chunk(2, dim=-1)
    return states * cosine + torch.cat((-second, first), dim=-1) * sine


def widen(wide: Network, narrow: dict[str, Tensor]) -> None:
    """Copy `narrow` weights into the corner of `wide` so that it computes the same logits.

    The old hidden features read only old ones; the new features, heads and layers keep their
    random weights wherever those cannot reach the old features, and are zero elsewhere. Norm
    gains shrink by the square root of the width ratio, for the new features start at zero.
    """
    gain = (narrow["norm.weight"].shape[0] / wide.shape.hidden) ** 0.5
    with torch.no_grad():
        for name, parameter in wide.named_parameters():
            source = narrow.get(name)
            if source is None:
                if any(part in name for part in _NEW_OUTPUT_PARTS):
                    parameter.zero_()
            elif source.ndim == 1:
                parameter.fill_(gain)
                parameter[: source.shape[0]] = source * gain
            else:
                _fill_corner(name, parameter, source)


def narrowed(wide: dict[str, Tensor], narrow: Network) -> None:
    """Fill `narrow` with the corner of a network that was widened from one of its shape.

    What the new features learnt since is lost: nearly nothing where that training was short.
    """
    gain = (narrow.shape.hidden / wide["norm.weight"].shape[0]) ** 0.5
    with torch.no_grad():
        for name, parameter in narrow.named_parameters():
            source = wide[name][tuple(slice(size) for size in parameter.shape)]
            parameter.copy_(source / gain if source.ndim == 1 else source)


def _fill_corner(name: str, parameter: Tensor, source: Tensor) -> None:
    rows, columns = source.shape
    if "embed_tokens" in name:
        parameter.zero_()
    else:
        parameter[:rows, columns:] = 0.0
    if any(part in name for part in _NEW_OUTPUT_PARTS):
        parameter[rows:, :] = 0.0
    parameter[:rows, :columns] = source


MODELS = Path(__file__).parent.parent / "backends" / "embedded" / "models"
CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{% if m.role == 'user' %}" + USER + "{{ m.content }}"
    "{% elif m.role == 'assistant' %}" + ASSISTANT + "{{ m.content }}"
    "{% if not (loop.last and continue_final_message) %}" + END + "{% endif %}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}" + ASSISTANT + "{% endif %}"
)


def save_model_folder(
    name: ModelName,
    shape: Architecture,
    weights: dict[str, Tensor],
    tokenizer: Tokenizer | None = None,
    folder: Path | None = None,
    template: str = CHAT_TEMPLATE,
) -> Path:
    """Write weights (float16), configuration and tokenizer; returns the folder, by default the one
    that the package ships."""
    folder = folder or MODELS / name
    folder.mkdir(parents=True, exist_ok=True)
    halves = {key: tensor.detach().half().contiguous() for key, tensor in weights.items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    # safetensors creates files that only their owner can read.
    (folder / "model.safetensors").chmod(0o644)
    (tokenizer or build_tokenizer()).save(str(folder / "tokenizer.json"))
    _write_json(folder / "config.json", _configuration(name, shape))
    _write_json(folder / "tokenizer_config.json", _tokenizer_configuration(shape, template))
    _write_json(folder / "generation_config.json", _generation_configuration())
    return folder


def load_weights(name: ModelName) -> dict[str, Tensor]:
    """The float32 weights of a saved model, by Hugging Face name."""
    stored = load_file(MODELS / name / "model.safetensors")
    return {key: tensor.to(torch.float32) for key, tensor in stored.items()}


def _configuration(name: ModelName, shape: Architecture) -> dict[str, object]:
    kind = "qwen2" if shape.query_key_value_bias else "llama"
    policy = "Qwen2ForCausalLM" if kind == "qwen2" else "LlamaForCausalLM"
    return {
        "architectures": ["Qwen2ForProcessRewardModel" if name in SCORERS else policy],
        "model_type": kind,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": shape.head_dim,
        "hidden_act": "silu",
        "rms_norm_eps": shape.norm_epsilon,
        "rope_theta": shape.rope_theta,
        "max_position_embeddings": shape.positions,
        "vocab_size": shape.vocabulary,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": token_id(END),
        "pad_token_id": token_id(PAD),
        "use_cache": True,
        "torch_dtype": "float16",
    }


def _tokenizer_configuration(shape: Architecture, template: str) -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "unk_token": "<|unknown|>",
        "additional_special_tokens": [USER, ASSISTANT, STEP_MARK],
        "model_max_length": shape.positions,
        "clean_up_tokenization_spaces": False,
        "chat_template": template,
    }


def _generation_configuration() -> dict[str, object]:
    return {
        "eos_token_id": token_id(END),
        "pad_token_id": token_id(PAD),
        "do_sample": True,
        "temperature": 1.0,
    }


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
