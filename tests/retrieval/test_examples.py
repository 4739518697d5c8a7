"""The examples with indexes of other libraries run as they stand, where these are installed."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tts.backends.scripted import ScriptedGenerator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize(
    ("example", "package"),
    [("llama_index_retriever", "llama_index.core"), ("haystack_retriever", "haystack")],
)
@pytest.mark.filterwarnings("ignore")
def test_an_index_of_another_library_is_answered_from(
    example: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "False")
    pytest.importorskip(package, reason="needs the extra retrievers")
    model = ScriptedGenerator(lambda *_: "Ida Brandt")
    result = runpy.run_path(str(EXAMPLES / f"{example}.py"))["answered"](model)
    read = model.requests[0].messages[-1].content
    assert "[1] Glass Harbour was directed by Ida Brandt." in read
    assert (result.answer, result.usage.retrievals, result.stopped_by) == ("Ida Brandt", 1, "done")
