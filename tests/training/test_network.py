# pyright: reportMissingImports=false

from __future__ import annotations

import pytest

from tts.training.architecture import ARCHITECTURES

torch = pytest.importorskip("torch", reason="training needs the extra `train`")


def test_a_widened_network_computes_the_same_logits() -> None:
    from tts.training.network import Network, widen

    torch.manual_seed(0)
    narrow, wide = Network(ARCHITECTURES["small"]), Network(ARCHITECTURES["large"])
    widen(wide, narrow.state_dict())
    tokens = torch.randint(0, 100, (2, 30))
    expected = narrow.logits(narrow(tokens))
    torch.testing.assert_close(wide.logits(wide(tokens)), expected, atol=1e-3, rtol=1e-3)
