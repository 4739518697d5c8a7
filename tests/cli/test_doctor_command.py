from __future__ import annotations

import pytest

from tts.backends.vllm import vllm_installed
from tts.cli.doctor import show_kernels
from tts.errors import UsageError


@pytest.mark.skipif(vllm_installed(), reason="vLLM is installed here.")
def test_without_vllm_the_doctor_says_what_to_install() -> None:
    with pytest.raises(UsageError, match="pip install"):
        show_kernels("vllm:embedded/small", as_json=False)
