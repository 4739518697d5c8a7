"""Ceilings, and what keeps spending below them."""

from tts.budget.account import Account, Amounts, unknown
from tts.budget.admission import AdmissionQueue, CallbackTicket, Ticket
from tts.budget.prices import PriceTable
from tts.budget.rates import LongRates, Price, Rates
from tts.budget.turns import Told, Turns
from tts.budget.wallet import BlockSize, Wallet

__all__ = [
    "Account",
    "AdmissionQueue",
    "Amounts",
    "BlockSize",
    "CallbackTicket",
    "LongRates",
    "Price",
    "PriceTable",
    "Rates",
    "Ticket",
    "Told",
    "Turns",
    "Wallet",
    "unknown",
]
