# pyright: reportMissingImports=false

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.model import EmbeddedModel, EmbeddedName, model_folder
from tts.backends.embedded.step_scorer import Scorer, marked_rows
from tts.values import Message

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("torch") is None
        or importlib.util.find_spec("transformers") is None,
        reason="parity with transformers needs the extra `train`",
    ),
    # torch and transformers warn about their own internals on import.
    pytest.mark.filterwarnings("default"),
]


@pytest.mark.parametrize("name", ["small", "large"])
def test_policy_logits_are_those_of_transformers(name: EmbeddedName) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    embedded = EmbeddedModel.shipped(name)
    tokens = np.random.default_rng(0).integers(0, 100, (3, 120))
    reference = AutoModelForCausalLM.from_pretrained(model_folder(name), dtype=torch.float32)
    expected = reference(torch.tensor(tokens)).logits.detach().numpy()
    cache = KvCache(embedded.transformer.config, 3)
    hidden = embedded.transformer.forward(tokens, np.zeros(3, dtype=np.intp), cache)
    np.testing.assert_allclose(embedded.transformer.logits(hidden), expected, atol=1e-3)


def test_step_scores_are_those_of_transformers() -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import Qwen2Config, Qwen2Model

    folder, embedded = model_folder("prm"), EmbeddedModel.shipped("prm")
    weights = {key: value.float() for key, value in load_file(folder / "model.safetensors").items()}
    body = Qwen2Model(Qwen2Config(**json.loads((folder / "config.json").read_text())))
    body.load_state_dict(
        {key.removeprefix("model."): value for key, value in weights.items() if "model." in key}
    )
    (row,) = marked_rows(
        embedded.tokenizer,
        [Message("user", "Compute (3 + 4) * 2.")],
        ["7 * 2", "\\boxed{15}"],
        1024,
    )
    hidden = body(torch.tensor([row.ids])).last_hidden_state[0, list(row.marks)]
    inner = torch.relu(hidden @ weights["score.0.weight"].T + weights["score.0.bias"])
    logits = inner @ weights["score.2.weight"].T + weights["score.2.bias"]
    expected = logits.softmax(-1)[:, 1].detach().numpy()
    scores = Scorer(embedded.transformer, embedded.weights, 1).score([(row.ids, row.marks)])
    np.testing.assert_allclose(scores[0], expected, atol=1e-3)


def test_the_chat_template_renders_as_in_transformers() -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder("small"))
    turns = [
        {"role": "user", "content": "Compute 3 + 4."},
        {"role": "assistant", "content": "7\n\n"},
    ]
    expected = tokenizer.apply_chat_template(turns, continue_final_message=True, return_dict=False)
    embedded = EmbeddedModel.shipped("small").tokenizer
    assert embedded.encode_chat([Message("user", "Compute 3 + 4.")], "7\n\n") == expected
