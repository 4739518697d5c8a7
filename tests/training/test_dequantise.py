"""A GGUF file as a Hugging Face folder: every weight in its place, the tokenizer as it cuts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tts.backends.embedded.model import EmbeddedModel
from tts.backends.embedded.tokenizer import byte_letters
from tts.errors import BadInput
from tts.training.dequantise import dequantised
from tts.training.gguf_file import GGUFFile, halves
from tts.training.gguf_tokenizer import pair, tokenizer_of

gguf: Any = pytest.importorskip("gguf", reason="reading GGUF files needs the extra `real`")

HIDDEN, WIDE, HEADS, SHARED, LAYERS = 64, 96, 4, 2, 2
TOKENS = [*byte_letters(), "he", "<|im_start|>", "<|im_end|>"]
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"


def permuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Halves of each head as neighbours, as llama.cpp's converter writes them."""
    half = len(rows) // heads // 2
    return rows.reshape(heads, 2, half, -1).swapaxes(1, 2).reshape(rows.shape)


def weights() -> dict[str, np.ndarray]:
    random, half = np.random.default_rng(0), HIDDEN // 2
    shapes = {"token_embd": (len(TOKENS), HIDDEN), "output_norm": (HIDDEN,)}
    for layer in range(LAYERS):
        parts = {"attn_norm": (HIDDEN,), "ffn_norm": (HIDDEN,), "attn_q": (HIDDEN, HIDDEN)}
        parts |= {"attn_k": (half, HIDDEN), "attn_v": (half, HIDDEN), "ffn_up": (WIDE, HIDDEN)}
        parts |= {"attn_output": (HIDDEN, HIDDEN), "ffn_gate": (WIDE, HIDDEN)}
        parts |= {"ffn_down": (HIDDEN, WIDE)}
        shapes |= {f"blk.{layer}.{part}": shape for part, shape in parts.items()}
    return {name: random.standard_normal(shape, np.float32) for name, shape in shapes.items()}


def write(path: Path, arrays: dict[str, np.ndarray], **other: Any) -> Path:
    settings = {"arch": "llama", "pre": "smollm", "model": "gpt2", "scaling": None} | other
    writer = gguf.GGUFWriter(path, settings["arch"])
    writer.add_context_length(256)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(WIDE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(SHARED)
    writer.add_rope_freq_base(100_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    if settings["scaling"]:
        writer.add_rope_scaling_type(settings["scaling"])
    writer.add_tokenizer_model(settings["model"])
    writer.add_tokenizer_pre(settings["pre"])
    writer.add_token_list(TOKENS)
    writer.add_token_types([1] * 257 + [3, 3])
    writer.add_token_merges(["h e"])
    writer.add_eos_token_id(len(TOKENS) - 1)
    writer.add_chat_template(TEMPLATE)
    for name, array in arrays.items():
        kind = gguf.GGMLQuantizationType.Q8_0 if array.ndim > 1 else None
        stored = array if kind is None else gguf.quants.quantize(array, kind)
        writer.add_tensor(f"{name}.weight", stored, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("gguf") / "tiny.gguf", weights())


def test_every_weight_stands_under_its_name_and_in_the_order_of_its_heads(
    source: Path, tmp_path: Path
) -> None:
    assert dequantised(source, tmp_path / "m") == 2 + 9 * LAYERS
    found, given = load_file(tmp_path / "m" / "model.safetensors"), weights()
    query = permuted(found["model.layers.1.self_attn.q_proj.weight"], HEADS)
    np.testing.assert_allclose(query, given["blk.1.attn_q"], atol=0.02)
    key = permuted(found["model.layers.0.self_attn.k_proj.weight"], SHARED)
    np.testing.assert_allclose(key, given["blk.0.attn_k"], atol=0.02)
    down = found["model.layers.1.mlp.down_proj.weight"]
    np.testing.assert_allclose(down, given["blk.1.ffn_down"], atol=0.02)
    assert (found["model.norm.weight"] == given["output_norm"]).all()


def test_the_folder_is_a_model_of_the_numpy_runtime(source: Path, tmp_path: Path) -> None:
    dequantised(source, tmp_path / "m", precision="float16")
    embedded = EmbeddedModel.load(tmp_path / "m", "embedded:m")
    config = embedded.transformer.config
    assert (config.rope_theta, config.norm_epsilon, config.positions) == (100_000.0, 1e-5, 256)
    assert (config.key_value_heads, config.tied_embeddings) == (SHARED, True)
    assert config.end_tokens == {len(TOKENS) - 1}


def test_halves_undo_what_the_converter_of_llama_cpp_does() -> None:
    rows = np.arange(8 * 3, dtype=np.float32).reshape(8, 3)
    assert halves(permuted(rows, 2), 2).tolist() == rows.tolist()


def test_a_merge_may_begin_with_a_space() -> None:
    assert (pair("h e"), pair("  t")) == (("h", "e"), (" ", "t"))


@pytest.mark.parametrize(
    ("cut", "pieces"),
    [
        ("smollm", ["It", "Ġ", "1", "2", "3", "4", "ĊĠ", "Ġhe", "'s", "!"]),
        ("gpt-2", ["It", "Ġ1234", "ĊĠ", "Ġhe", "'s", "!"]),
        ("llama-bpe", ["It", "Ġ", "123", "4", "Ċ", "Ġ", "Ġhe", "'s", "!"]),
        ("qwen2", ["It", "Ġ", "1", "2", "3", "4", "Ċ", "Ġ", "Ġhe", "'s", "!"]),
    ],
)
def test_a_text_is_cut_as_the_file_says(tmp_path: Path, cut: str, pieces: list[str]) -> None:
    tokenizer = tokenizer_of(GGUFFile(write(tmp_path / "m.gguf", {}, pre=cut)))
    found = tokenizer.pre_tokenizer.pre_tokenize_str("It 1234\n  he's!")
    assert [piece for piece, _ in found] == pieces


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"arch": "gemma3"}, "architecture 'gemma3' is none of llama, qwen2"),
        ({"pre": "tekken"}, "gpt2/tekken"),
        ({"model": "llama"}, "llama/smollm"),
        ({"scaling": gguf.RopeScalingType.YARN}, "positions are scaled"),
    ],
)
def test_another_kind_of_model_is_refused(tmp_path: Path, other: Any, why: str) -> None:
    path = write(tmp_path / "m.gguf", {"token_embd": weights()["token_embd"]}, **other)
    with pytest.raises(BadInput, match=why):
        dequantised(path, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_tensor_of_another_design_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.gguf", {"blk.0.attn_sinks": np.zeros(4, np.float32)})
    with pytest.raises(BadInput, match=r"blk\.0\.attn_sinks"):
        dequantised(path, tmp_path / "m")


def test_a_broken_file_is_one_line_and_the_exit_code_2(source: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(source.read_bytes()[:20_000])
    command = [sys.executable, "-m", "tts.training.dequantise", str(broken), str(tmp_path / "m")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no whole GGUF file" in done.stderr


def test_a_model_that_is_there_is_not_written_over(source: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({}), "utf-8")
    with pytest.raises(BadInput, match="a model already"):
        dequantised(source, tmp_path)
