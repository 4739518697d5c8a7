"""The graph that everything is a call on, and the surface of a strategy that grows it."""

from tts.run.costs import WorstCases, finish_reserve
from tts.run.generation import Generation, Source, Until
from tts.run.generator_call import GeneratorCall, Prompt
from tts.run.joins import Successes, quiet, settled
from tts.run.kept import KeptCandidates
from tts.run.max_tokens import picks, text_before
from tts.run.node import Group, Node, Outcome
from tts.run.replay import FRESH, Recorded, caught_up
from tts.run.run import Run
from tts.run.setting import Setting
from tts.run.settings import Comparer, RunSettings, Scheduler
from tts.run.strategy import SaysFitted, Strategy, Verifier, is_bounded, is_stepwise, may_read

__all__ = [
    "FRESH",
    "Comparer",
    "Generation",
    "GeneratorCall",
    "Group",
    "KeptCandidates",
    "Node",
    "Outcome",
    "Prompt",
    "Recorded",
    "Run",
    "RunSettings",
    "SaysFitted",
    "Scheduler",
    "Setting",
    "Source",
    "Strategy",
    "Successes",
    "Until",
    "Verifier",
    "WorstCases",
    "caught_up",
    "finish_reserve",
    "is_bounded",
    "is_stepwise",
    "may_read",
    "picks",
    "quiet",
    "settled",
    "text_before",
]
