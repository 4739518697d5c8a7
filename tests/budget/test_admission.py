"""Admission depends on amounts, never on timing, and never passes a ceiling."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.budget import Account, AdmissionQueue, CallbackTicket, Ticket, admission
from tts.budget.admission import CanonicalOrder
from tts.errors import BudgetExhausted
from tts.values import Usage


@dataclass
class Desk:
    """Calls of known worst and real cost, asked for and ended in an order that a seed decides."""

    ceiling: int
    worst: list[int]
    real: list[int]
    order: Random
    admitted: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    flying: list[int] = field(default_factory=list)

    def run(self) -> Desk:
        self.account = Account({"prompt_tokens": self.ceiling, "calls": 10_000})
        self.queue = AdmissionQueue(self.account)
        self.tickets = [self._ticket(i) for i in range(len(self.worst))]
        for i, ticket in enumerate(self.tickets):
            self.queue.foresee(ticket, self._usage(self.worst[i]))
        unasked = list(range(len(self.worst)))
        while unasked or self.flying:
            if unasked and (not self.flying or self.order.random() < 0.5):
                i = unasked.pop(self.order.randrange(len(unasked)))
                self.queue.ask(self.tickets[i], self._usage(self.worst[i]))
            else:
                self._end(self.flying.pop(self.order.randrange(len(self.flying))))
            left = self.account.left()
            held = [a + b for a, b in zip(self.account._spent, self.account._held, strict=True)]
            assert held[0] <= self.ceiling and left["prompt_tokens"] >= 0
        return self

    def _ticket(self, i: int) -> Ticket:
        def admit() -> None:
            self.admitted.add(i)
            self.flying.append(i)

        def refuse(_: BudgetExhausted) -> None:
            self.refused.add(i)

        return CallbackTicket((0, i), admit=admit, refuse=refuse)

    def _end(self, i: int) -> None:
        self.queue.settle(self.tickets[i], self._usage(self.real[i]))

    @staticmethod
    def _usage(tokens: int) -> Usage:
        return Usage(calls=1, prompt_tokens=tokens)


costs = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (max(pair), min(pair))),
    min_size=1,
    max_size=12,
)


@given(costs=costs, ceiling=st.integers(0, 120), orders=st.tuples(st.integers(), st.integers()))
def test_the_same_calls_are_admitted_in_whatever_order_they_are_asked_for_and_end(
    costs: list[tuple[int, int]], ceiling: int, orders: tuple[int, int]
) -> None:
    worst, real = [w for w, _ in costs], [r for _, r in costs]
    first, second = (Desk(ceiling, worst, real, Random(seed)).run() for seed in orders)
    assert first.admitted == second.admitted
    assert first.refused == second.refused
    assert first.account.spent == second.account.spent


@given(costs=costs, ceiling=st.integers(0, 120), order=st.integers())
def test_every_call_is_decided_and_a_refused_one_really_did_not_fit(
    costs: list[tuple[int, int]], ceiling: int, order: int
) -> None:
    desk = Desk(ceiling, [w for w, _ in costs], [r for _, r in costs], Random(order)).run()
    assert desk.admitted | desk.refused == set(range(len(costs)))
    for i in desk.refused:
        before = sum(desk.real[j] for j in desk.admitted if j < i)
        assert before + desk.worst[i] > ceiling


PROMPT = 20


@dataclass
class SharingDesk(Desk):
    """Calls that share prompts: whichever ends first pays for the prompt, the others do not."""

    prompts: list[int] = field(default_factory=list)
    read: set[int] = field(default_factory=set)

    def _ticket(self, i: int) -> Ticket:
        desk = self

        class Sharing(CallbackTicket):
            def by_now(self) -> Usage:
                return desk._usage(desk.worst[i] - PROMPT * (desk.prompts[i] in desk.read))

        def refuse(_: BudgetExhausted) -> None:
            self.refused.add(i)

        return Sharing((0, i), admit=lambda: self._admit(i), refuse=refuse)

    def _admit(self, i: int) -> None:
        self.admitted.add(i)
        self.flying.append(i)

    def _end(self, i: int) -> None:
        again = self.prompts[i] in self.read
        self.read.add(self.prompts[i])
        self.queue.settle(self.tickets[i], self._usage(self.real[i] - PROMPT * again))


@given(
    costs=costs,
    prompts=st.lists(st.integers(0, 3), min_size=12, max_size=12),
    ceiling=st.integers(0, 240),
    orders=st.tuples(st.integers(), st.integers()),
)
def test_calls_that_share_what_they_pay_are_admitted_alike_in_whatever_order_they_end(
    costs: list[tuple[int, int]], prompts: list[int], ceiling: int, orders: tuple[int, int]
) -> None:
    worst, real = [PROMPT + w for w, _ in costs], [PROMPT + r for _, r in costs]
    first, second = (
        SharingDesk(ceiling, worst, real, Random(seed), prompts=prompts).run() for seed in orders
    )
    assert first.admitted == second.admitted
    assert first.account.spent == second.account.spent
    for i in first.refused:
        before = {j for j in first.admitted if j < i}
        known = {prompts[j] for j in before}
        spent = sum(real[j] - PROMPT for j in before) + PROMPT * len(known)
        assert spent + worst[i] - PROMPT * (prompts[i] in known) > ceiling


def test_a_call_waits_while_room_may_come_back_and_is_refused_only_at_the_head() -> None:
    log: list[str] = []
    queue = AdmissionQueue(Account({"calls": 2, "prompt_tokens": 10}))
    big, small = (
        CallbackTicket(
            (i,), admit=lambda i=i: log.append(f"in {i}"), refuse=lambda _, i=i: log.append("no")
        )  # type: ignore[misc]
        for i in range(2)
    )
    queue.ask(big, Usage(calls=1, prompt_tokens=8))
    queue.ask(small, Usage(calls=1, prompt_tokens=8))
    assert (log, small.state) == (["in 0"], "waiting")
    queue.settle(big, Usage(calls=1, prompt_tokens=2))
    assert log == ["in 0", "in 1"]


def test_a_withdrawn_place_no_longer_holds_others_back() -> None:
    log: list[int] = []
    queue = AdmissionQueue(Account({"prompt_tokens": 10}))
    first, second = (
        CallbackTicket((i,), admit=lambda i=i: log.append(i), refuse=lambda _: None)  # type: ignore[misc]
        for i in range(2)
    )
    queue.foresee(first, Usage(prompt_tokens=8))
    queue.ask(second, Usage(prompt_tokens=8))
    assert log == []
    queue.withdraw(first)
    assert log == [1]


@dataclass(eq=False)
class Entry:
    place: tuple[int, ...]
    held: tuple[int, int]


places = st.lists(st.integers(-1, 3), min_size=1, max_size=3).map(tuple)
moves = st.lists(
    st.one_of(
        st.tuples(places, st.tuples(st.integers(0, 9), st.integers(0, 9))), st.integers(0, 99)
    ),
    max_size=60,
)


@pytest.fixture
def narrow_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so short that a few entries fill several."""
    monkeypatch.setattr(admission, "WIDEST", 4)


def amounts(entries: list[Entry]) -> list[int]:
    return [sum(entry.held[i] for entry in entries) for i in (0, 1)]


@pytest.mark.usefixtures("narrow_blocks")
@given(moves=moves)
def test_what_stands_before_an_entry_is_what_a_sorted_list_says(
    moves: list[tuple[tuple[int, ...], tuple[int, int]] | int],
) -> None:
    found, expected = CanonicalOrder[Entry](2), list[Entry]()
    for move in moves:
        if not isinstance(move, int):
            entry = Entry(*move)
            found.enter(entry)
            expected = sorted([*expected, entry], key=lambda one: one.place)
        elif expected:
            found.leave(expected.pop(move % len(expected)))
        assert found.first is (expected[0] if expected else None)
        assert found.total == amounts(expected)
        for i, one in enumerate(expected):
            assert list(found.before(one)) == amounts(expected[:i])
