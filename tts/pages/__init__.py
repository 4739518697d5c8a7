"""What every page is made of: templates under a strict policy, drawings, and mathematics set."""

from tts.pages.maths import set_formula, set_maths
from tts.pages.templates import Filters, render_template

__all__ = ["Filters", "render_template", "set_formula", "set_maths"]
