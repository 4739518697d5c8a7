"""Each family against what its authors compute, on tiny random models of its architecture."""

# pyright: reportMissingImports=false

from __future__ import annotations

import json
import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import WordLevel
from tokenizers.normalizers import Replace
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing

from tts.backends.vllm import VLLMHeadReader, VLLMSettings, vllm_installed
from tts.backends.vllm.folder import renamed_folder
from tts.protocols import Meter, StepScoreRequest
from tts.values import Message
from tts.verifiers.prm import FAMILIES, FamilyScorer, FolderTokenizer, check_model, vllm_overrides

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(
        not vllm_installed(), reason="vLLM is not installed here; `make test-vllm` runs this."
    ),
]

QUESTION = "What is (3 + 4) times 2?"
STEPS = ("First add: 3 + 4 = 7.", "Then 7 * 2 = 14 - that is it.", "The answer is \\boxed{14}.")
Reference = Callable[[], list[float]]

SHAPE = {
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "tie_word_embeddings": False,
    "initializer_range": 0.2,
}
QWEN_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA_CHAT = (
    "{{ bos_token }}{% for m in messages %}<|head|>{{ m.role }}<|/head|>\n\n"
    "{{ m.content | trim }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<|head|>assistant<|/head|>\n\n{% endif %}"
)


def write_tokenizer(
    folder: Path,
    *,
    specials: Sequence[str],
    words: Sequence[str] = (),
    chat: str | None = None,
    begin: str | None = None,
    blanks: bool = False,
) -> int:
    """One token per character, the words and the specials; returns the vocabulary's size.

    `blanks`: blanks become `▁` and stick to the words, as sentencepiece does it.
    """
    pieces = list(dict.fromkeys((*specials, "<unk>", *words, *string.printable, "▁", "к", "и")))
    model = WordLevel({piece: index for index, piece in enumerate(pieces)}, unk_token="<unk>")
    tokenizer = Tokenizer(model)
    if blanks:
        tokenizer.normalizer = Replace(" ", "▁")
    joined = "|".join([*(_escaped(word) for word in words), r"[\s\S]"])
    tokenizer.pre_tokenizer = Split(Regex(joined), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(one, special=True) for one in specials])
    if begin:
        identity = tokenizer.token_to_id(begin)
        tokenizer.post_processor = TemplateProcessing(
            single=f"{begin} $A", special_tokens=[(begin, identity)]
        )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": specials[0],
        "pad_token": specials[0],
        "unk_token": "<unk>",
        "bos_token": begin,
        "chat_template": chat,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return len(pieces)


def _escaped(word: str) -> str:
    return "".join(f"\\{one}" if one in "+-|<>" else one for one in word)


def save(model: Any, folder: Path, *, architecture: str, **tensors: Any) -> None:
    """A transformers model with further tensors, under an architecture's name."""
    from safetensors.torch import save_file

    weights = {name: one.contiguous() for name, one in model.state_dict().items()} | tensors
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_dict() | {"architectures": [architecture], "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config, default=str), "utf-8")


def loaded_tokenizer(folder: Path) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(folder)


def qwen_math(folder: Path) -> Reference:
    """The model card of Qwen2.5-Math-PRM: softmax of the two classes at each <extra_0>."""
    import torch
    from transformers import Qwen2Config, Qwen2Model

    specials = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>")
    size = write_tokenizer(folder, specials=specials, chat=QWEN_CHAT)
    torch.manual_seed(1)
    model = Qwen2Model(Qwen2Config(vocab_size=size, **SHAPE)).eval()
    head = torch.nn.Sequential(torch.nn.Linear(128, 128), torch.nn.ReLU(), torch.nn.Linear(128, 2))
    prefixed = {f"score.{name}": one for name, one in head.state_dict().items()}
    save(_causal(model), folder, architecture="Qwen2ForProcessRewardModel", **prefixed)

    def reference() -> list[float]:
        tokenizer = loaded_tokenizer(folder)
        system = "Please reason step by step, and put your final answer within \\boxed{}."
        turns = [
            {"role": "system", "content": system},
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": "<extra_0>".join(STEPS) + "<extra_0>"},
        ]
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=False)
        ids = tokenizer.encode(text, return_tensors="pt")
        logits = head(model(ids).last_hidden_state)
        mask = ids == tokenizer.convert_tokens_to_ids("<extra_0>")
        return [float(one) for one in logits.softmax(-1)[mask][:, 1]]

    return reference


def math_shepherd(folder: Path) -> Reference:
    """The model card of Math-Shepherd: softmax over + and - at each marker."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    words = ("▁ки", "▁+", "▁-")
    size = write_tokenizer(folder, specials=("</s>", "<s>"), words=words, begin="<s>", blanks=True)
    torch.manual_seed(2)
    model = MistralForCausalLM(MistralConfig(vocab_size=size, **SHAPE)).eval()
    save(model, folder, architecture="MistralForCausalLM")

    def reference() -> list[float]:
        tokenizer = loaded_tokenizer(folder)
        labels = tokenizer.convert_tokens_to_ids(["▁+", "▁-"])
        lines = "\n".join(f"Step {at}: {step} ки" for at, step in enumerate(STEPS, start=1))
        ids = torch.tensor([tokenizer.encode(f"{QUESTION} {lines}")])
        scores = model(ids).logits[:, :, labels].softmax(dim=-1)[:, :, 0]
        return [float(one) for one in scores[ids == tokenizer.convert_tokens_to_ids("▁ки")]]

    return reference


def rlhflow(folder: Path) -> Reference:
    """RLHFlow's evaluation script: a conversation per step, read three tokens from its end."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    specials = ("<|eot|>", "<|begin|>", "<|head|>", "<|/head|>")
    size = write_tokenizer(folder, specials=specials, chat=LLAMA_CHAT, begin="<|begin|>")
    torch.manual_seed(3)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=size, **SHAPE)).eval()
    save(model, folder, architecture="LlamaForCausalLM")

    def reference() -> list[float]:
        tokenizer = loaded_tokenizer(folder)
        labels = [tokenizer.encode(one, add_special_tokens=False)[-1] for one in "+-"]
        turns: list[dict[str, str]] = []
        scores = []
        for step in STEPS:
            text = step if turns else f"{QUESTION} {step}"
            turns += [{"role": "user", "content": text}, {"role": "assistant", "content": "+"}]
            told = tokenizer.apply_chat_template(turns, tokenize=False)
            ids = torch.tensor([tokenizer.encode(told, add_special_tokens=False)])
            scores.append(float(model(ids).logits[0, -3, labels].softmax(dim=-1)[0]))
        return scores

    return reference


def skywork(folder: Path) -> Reference:
    """Skywork's prepare_input and value head: a sigmoid at each line break."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    size = write_tokenizer(folder, specials=("<|end|>", "<|begin|>"), begin="<|begin|>")
    torch.manual_seed(4)
    model = Qwen2ForCausalLM(Qwen2Config(vocab_size=size, **SHAPE)).eval()
    head = torch.nn.Linear(128, 1)
    tensors = {f"v_head.summary.{name}": one for name, one in head.state_dict().items()}
    save(model, folder, architecture="Qwen2ForPrmModel", **tensors)

    def reference() -> list[float]:
        tokenizer = loaded_tokenizer(folder)
        ids = tokenizer.encode(f"{tokenizer.bos_token}{QUESTION}\n", add_special_tokens=False)
        flags = [0] * len(ids)
        for step in STEPS:
            own = tokenizer.encode(step, add_special_tokens=False)
            ids += [*own, tokenizer.encode("\n", add_special_tokens=False)[-1]]
            flags += [0] * len(own) + [1]
        hidden = model.model(torch.tensor([ids])).last_hidden_state
        values = head(hidden)[0, :, 0].sigmoid()
        return [float(one) for one, flag in zip(values, flags, strict=True) if flag]

    return reference


def pure(folder: Path) -> Reference:
    """The model card of PURE, its −1…1 mapped to 0…1."""
    import torch

    specials = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    model = _token_classifier(folder, specials=specials, chat=QWEN_CHAT, seed=5)

    def reference() -> list[float]:
        tokenizer = loaded_tokenizer(folder)
        system = "Please reason step by step, and put your final answer within \\boxed{}."
        turns = [{"role": "system", "content": system}, {"role": "user", "content": QUESTION}]
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids, marks = tokenizer.encode(text), []
        for step in STEPS:
            ids += tokenizer.encode(step) + tokenizer.encode("\n")
            marks.append(len(ids) - 1)
        probabilities = model(torch.tensor([ids])).logits[0, marks].softmax(dim=-1)
        rewards = probabilities[:, 1] - probabilities[:, 0]
        return [float(one + 1) / 2 for one in rewards]

    return reference


def trl(folder: Path) -> Reference:
    """TRL's tokenisation: the separator's ids behind each step."""
    import torch

    model = _token_classifier(folder, specials=("<|end|>",), chat=None, seed=6)

    def reference() -> list[float]:
        tokenizer = loaded_tokenizer(folder)
        ids, marks = tokenizer.encode(QUESTION), []
        for step in STEPS:
            ids += tokenizer.encode(step) + tokenizer.encode("\n\n")
            marks.append(len(ids) - 1)
        return [float(one) for one in model(torch.tensor([ids])).logits[0, marks].softmax(-1)[:, 1]]

    return reference


def _token_classifier(folder: Path, *, specials: Sequence[str], chat: str | None, seed: int) -> Any:
    import torch
    from transformers import Qwen2Config, Qwen2ForTokenClassification

    size = write_tokenizer(folder, specials=specials, chat=chat)
    torch.manual_seed(seed)
    config: Any = Qwen2Config(vocab_size=size, **{**SHAPE, "num_labels": 2})
    model = Qwen2ForTokenClassification(config).eval()
    torch.nn.init.normal_(model.score.bias)
    save(model, folder, architecture="Qwen2ForTokenClassification")
    return model


def _causal(model: Any) -> Any:
    """The tensors of a bare model under the names that a model with a head has."""
    from transformers import Qwen2ForCausalLM

    whole = Qwen2ForCausalLM(model.config)
    whole.model = model
    return whole


BUILDERS = {
    "math-shepherd": math_shepherd,
    "pure": pure,
    "qwen-math": qwen_math,
    "rlhflow": rlhflow,
    "skywork": skywork,
    "trl": trl,
}


@pytest.mark.parametrize("name", BUILDERS)
async def test_scores_are_those_of_the_authors(name: str, tmp_path: Path) -> None:
    import torch

    folder, family = tmp_path / "model", FAMILIES[name]
    reference = BUILDERS[name](folder)
    with torch.no_grad():
        expected = reference()
    config = json.loads((folder / "config.json").read_text("utf-8"))
    tokenizer = FolderTokenizer(folder)
    check_model(family, name=name, config=config, tokenizer=tokenizer)
    loaded = renamed_folder(folder, tmp_path / "renamed", names=family.tensors)
    settings = VLLMSettings(
        path=str(loaded),
        name=name,
        runner="pooling",
        dtype="float32",
        eager=True,
        kv_cache_bytes=1 << 26,
        overrides=vllm_overrides(family, config),
    )
    reader = await VLLMHeadReader.open(settings)
    try:
        scorer = FamilyScorer(family, tokenizer=tokenizer, reader=reader)
        request = StepScoreRequest(messages=(Message("user", QUESTION),), steps=STEPS)
        reply = await scorer.score_steps(request, Meter())
    finally:
        await reader.close()
    assert reply.scores == pytest.approx(expected, abs=1e-3)
    assert len(set(reply.scores)) == len(STEPS)
