"""One budget for a set of problems: who gets how much of it.

A problem's curve says what each amount is expected to buy. `by_price` spends the budget where it
buys most, giving up what does not pay; `by_gain` and `elimination` are the published rules beside it,
`Stream` does the same for problems that come one by one, and `Gate` decides what is accepted and what
goes to a dearer model.
"""

from tts.eval.allocate.curves import Allocation, Curves
from tts.eval.allocate.gate import Gate
from tts.eval.allocate.price import by_price
from tts.eval.allocate.rivals import Eliminated, by_gain, elimination, evenly
from tts.eval.allocate.stream import Stream

__all__ = [
    "Allocation",
    "Curves",
    "Eliminated",
    "Gate",
    "Stream",
    "by_gain",
    "by_price",
    "elimination",
    "evenly",
]
