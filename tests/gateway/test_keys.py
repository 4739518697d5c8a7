"""The keys file: who may spend what, and one line where it cannot be read."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from tts.errors import BadInput, UsageError
from tts.gateway.keys import ANYBODY, Keys, read_keys
from tts.values import NANO, Budget


def written(place: Path, text: str) -> Path:
    path = place / "keys.yaml"
    path.write_text(text)
    return path


def test_a_key_has_its_secret_from_the_environment_and_its_limits_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALICE", "sk-alice")
    text = """
keys:
  - {name: alice, key_env: ALICE, budget: $5, request: "20k tokens, 30 seconds", calls: 32,
     in_flight: 8, strategy: majority_vote(n=4), strategies: [single, majority_vote]}
"""
    keys = read_keys(written(tmp_path, text))
    alice = keys.find("sk-alice")
    assert alice is not None
    assert (alice.name, alice.job) == ("alice", "gateway.alice")
    assert alice.budget == Budget(nanodollars=5 * NANO)
    assert alice.request == Budget(tokens=20_000, seconds=30)
    assert (alice.calls, alice.in_flight) == (32, 8)
    assert keys.find("sk-bob") is None
    assert "sk-alice" not in repr(alice)


def test_a_secret_may_stand_there_by_its_digest(tmp_path: Path) -> None:
    digest = sha256(b"sk-bob").hexdigest()
    keys = read_keys(written(tmp_path, f"keys: [{{name: bob, key_sha256: {digest}}}]"))
    assert keys.find("sk-bob") is not None


def test_without_a_file_anybody_is_let_in() -> None:
    assert Keys([ANYBODY]).find("") is ANYBODY


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a list `keys:`"),
        ("keys: []", "at least one entry"),
        ("keys: [{name: a}]", "one of key_env and key_sha256"),
        ("keys: [{name: a, key_env: NOT_SET_HERE}]", "NOT_SET_HERE"),
        ("keys: [{name: a, key_sha256: abc}]", "64 hexadecimal"),
        ("keys: [{name: 'a b', key_sha256: abc}]", "letters, digits"),
        ("keys: [{name: a, key: sk-1}]", "key: Extra"),
        ("keys: [{name: a, key_env: X, calls: 0}]", "calls"),
        ("keys: [{name: a, key_env: X, budget: lots}]", "lots"),
        ("keys: {", "not YAML"),
        ("keys: [3]", "entry 1"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.setenv("X", "sk-x")
    with pytest.raises(BadInput, match=says) as raised:
        read_keys(written(tmp_path, text))
    assert "\n" not in str(raised.value)


def test_a_strategy_that_there_is_not_is_told_before_anything_is_served(tmp_path: Path) -> None:
    digest = sha256(b"sk-bob").hexdigest()
    text = f"keys: [{{name: bob, key_sha256: {digest}, strategies: [majority_votes]}}]"
    with pytest.raises(UsageError, match="majority_vote"):
        read_keys(written(tmp_path, text))


def test_two_keys_are_two(tmp_path: Path) -> None:
    digest = sha256(b"sk-bob").hexdigest()
    text = f"keys: [{{name: a, key_sha256: {digest}}}, {{name: b, key_sha256: {digest}}}]"
    with pytest.raises(BadInput, match="same secret"):
        read_keys(written(tmp_path, text))
