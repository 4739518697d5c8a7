"""Calls that travel in the batch files of a provider: half the price, an answer within a day."""

from tts.backends.openai_batch.generator import BatchGenerator
from tts.backends.openai_batch.provider import BatchProvider, BatchState, OpenAIBatches
from tts.backends.openai_batch.rounds import Rounds

__all__ = ["BatchGenerator", "BatchProvider", "BatchState", "OpenAIBatches", "Rounds"]
