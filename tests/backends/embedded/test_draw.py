from __future__ import annotations

from tts.backends.embedded.draw import Draw
from tts.values import Sampling


class Silent:
    def grew(self, draw: Draw, text: str) -> None: ...

    def ended(self, draw: Draw, error: BaseException | None) -> None: ...


def draw_of(*pieces: str, stop: tuple[str, ...] = (), max_tokens: int = 99) -> Draw:
    draw = Draw((1,), Sampling(stop=stop, max_tokens=max_tokens), 0, Silent())
    for piece in pieces:
        draw.append(7, piece.encode(), is_end=False)
    return draw


def test_a_stop_string_stays_in_the_text() -> None:
    draw = draw_of("7", "\n\n", stop=("\n\n",))
    assert (draw.text, draw.finish_reason, draw.stop) == ("7\n\n", "stop", "\n\n")


def test_a_stop_string_may_span_tokens() -> None:
    assert draw_of("a", "\n", "\n", stop=("\n\n",)).finish_reason == "stop"


def test_text_behind_the_stop_string_is_cut() -> None:
    assert draw_of("ab", "cde", stop=("bc",)).text == "abc"


def test_the_stop_string_that_ends_first_counts() -> None:
    assert draw_of("abcd", stop=("abcd", "bc")).stop == "bc"


def test_without_a_match_the_draw_goes_on() -> None:
    assert draw_of("a", "b", stop=("ba",)).finish_reason is None


def test_max_tokens_end_a_draw() -> None:
    assert draw_of("a", "b", max_tokens=2).finish_reason == "length"


def test_a_stop_on_the_last_allowed_token_is_a_stop() -> None:
    assert draw_of("a", "b", stop=("b",), max_tokens=2).finish_reason == "stop"
