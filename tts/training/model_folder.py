"""The Hugging Face folder of a trained model."""

# pyright: reportMissingImports=false

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tts.training.architecture import (
    ASSISTANT,
    END,
    PAD,
    STEP_MARK,
    USER,
    Architecture,
    ModelName,
    build_tokenizer,
    token_id,
)

MODELS = Path(__file__).parent.parent / "backends" / "embedded" / "models"
CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{% if m.role == 'user' %}" + USER + "{{ m.content }}"
    "{% elif m.role == 'assistant' %}" + ASSISTANT + "{{ m.content }}"
    "{% if not (loop.last and continue_final_message) %}" + END + "{% endif %}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}" + ASSISTANT + "{% endif %}"
)


def save_model_folder(name: ModelName, shape: Architecture, weights: dict[str, Tensor]) -> Path:
    """Write weights (float16), configuration and tokenizer; returns the folder."""
    folder = MODELS / name
    folder.mkdir(parents=True, exist_ok=True)
    halves = {key: tensor.detach().half().contiguous() for key, tensor in weights.items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    # safetensors creates files that only their owner can read.
    (folder / "model.safetensors").chmod(0o644)
    build_tokenizer().save(str(folder / "tokenizer.json"))
    _write_json(folder / "config.json", _configuration(name, shape))
    _write_json(folder / "tokenizer_config.json", _tokenizer_configuration(shape))
    _write_json(folder / "generation_config.json", _generation_configuration())
    return folder


def load_weights(name: ModelName) -> dict[str, Tensor]:
    """The float32 weights of a saved model, by Hugging Face name."""
    stored = load_file(MODELS / name / "model.safetensors")
    return {key: tensor.to(torch.float32) for key, tensor in stored.items()}


def _configuration(name: ModelName, shape: Architecture) -> dict[str, object]:
    is_scorer = name == "prm"
    return {
        "architectures": ["Qwen2ForProcessRewardModel" if is_scorer else "LlamaForCausalLM"],
        "model_type": "qwen2" if is_scorer else "llama",
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


def _tokenizer_configuration(shape: Architecture) -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "unk_token": "<|unknown|>",
        "additional_special_tokens": [USER, ASSISTANT, STEP_MARK],
        "model_max_length": shape.positions,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
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
