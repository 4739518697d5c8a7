from tts.equivalence.window import window


def test_a_short_text_is_kept_as_it_is() -> None:
    assert window("\\boxed{5}") == "\\boxed{5}"


def test_a_long_text_is_cut_to_its_last_stated_answer() -> None:
    text = "thought " * 2000 + "so \\boxed{7}. " + "Thanks. " * 500
    assert "\\boxed{7}" in window(text)
    assert len(window(text)) < 1000


def test_a_long_text_without_an_answer_is_not_cut() -> None:
    text = "1+" * 5000
    assert window(text) == text


def test_a_box_that_was_never_closed_states_no_answer() -> None:
    text = "\\boxed{" * 100_000
    assert window(text) == text
