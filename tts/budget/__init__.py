"""Ceilings, and what keeps spending below them."""

from tts.budget.account import Account, Amounts, unknown
from tts.budget.price import LongRates, Price, Rates
from tts.budget.price_table import PriceTable
from tts.budget.queue import AdmissionQueue, Ticket
from tts.budget.wallet import BlockSize, Wallet

__all__ = [
    "Account",
    "AdmissionQueue",
    "Amounts",
    "BlockSize",
    "LongRates",
    "Price",
    "PriceTable",
    "Rates",
    "Ticket",
    "Wallet",
    "unknown",
]
