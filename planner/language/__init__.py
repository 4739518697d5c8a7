"""The plan language: one typed plan, three forms of writing it."""

from tts.planner.language.fault import Fault, FaultKind, nearest
from tts.planner.language.forms import Form, open_reader, read_plan, write_plan
from tts.planner.language.native import NativeReader, write_native
from tts.planner.language.plan import Call, Condition, Patch, Plan, Policy, bound
from tts.planner.language.reference import ITEM, Reference
from tts.planner.language.sealed import Answer, Draft, Drop, Reader, Sealed, draft_of
from tts.planner.language.value import Text, Value, constant, redirected, references, replaced
from tts.planner.language.write_text import write_call, write_value

__all__ = [
    "ITEM",
    "Answer",
    "Call",
    "Condition",
    "Draft",
    "Drop",
    "Fault",
    "FaultKind",
    "Form",
    "NativeReader",
    "Patch",
    "Plan",
    "Policy",
    "Reader",
    "Reference",
    "Sealed",
    "Text",
    "Value",
    "bound",
    "constant",
    "draft_of",
    "nearest",
    "open_reader",
    "read_plan",
    "redirected",
    "references",
    "replaced",
    "write_call",
    "write_native",
    "write_plan",
    "write_value",
]
