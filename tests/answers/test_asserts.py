from __future__ import annotations

from tts.answers.asserts import asserts_in


def test_a_draw_that_goes_on_behind_the_first_assert_is_read_from_its_beginning() -> None:
    assert asserts_in("f(1) == 2\nassert f(2) == 4\n", "f") == (
        "assert f(1) == 2",
        "assert f(2) == 4",
    )


def test_messages_spaces_and_repeats_make_no_difference() -> None:
    text = "assert f( 1 )==2, 'one'\nassert f(1) == 2, 'again'\nassert (f(1) == 2)"
    assert asserts_in(text, "f") == ("assert f(1) == 2",)


def test_what_says_nothing_of_the_function_is_left_out() -> None:
    assert asserts_in("assert g(1)\nassert f is not None\nassert ____ == f\nassert", "f") == ()


def test_what_a_model_goes_on_with_ends_an_assertion() -> None:
    assert asserts_in("assert f(1) == 2\nimport pygame\npygame.init()", "f") == (
        "assert f(1) == 2",
    )


def test_a_talkative_sample_has_as_many_as_any_other() -> None:
    text = "".join(f"assert f({n}) == {n}\n" for n in range(50))
    assert len(asserts_in(text, "f")) == 5
    assert len(asserts_in(text, "f", most=7)) == 7


def test_asserts_are_found_in_a_fence_and_in_a_function() -> None:
    text = "Tests:\n```python\ndef test_f():\n    assert f(1) == 2\n    assert f(0) == 0\n```\nassert f(9)"
    assert asserts_in(text, "f") == ("assert f(1) == 2", "assert f(0) == 0")
