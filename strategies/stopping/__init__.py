"""When to stop drawing: rules over what was seen, usable with any sampling strategy."""

from tts.strategies.parts.stopping import Drawn, in_batches
from tts.strategies.stopping.beta import Beta
from tts.strategies.stopping.consensus import Consensus
from tts.strategies.stopping.dirichlet import Dirichlet
from tts.strategies.stopping.expected_gain import ExpectedGain
from tts.strategies.stopping.seen import Seen
from tts.strategies.stopping.stop_rule import STOP_RULES, StopName, StopRule, stop_rule
from tts.strategies.stopping.unanimous_window import UnanimousWindow

__all__ = [
    "STOP_RULES",
    "Beta",
    "Consensus",
    "Dirichlet",
    "Drawn",
    "ExpectedGain",
    "Seen",
    "StopName",
    "StopRule",
    "UnanimousWindow",
    "in_batches",
    "stop_rule",
]
