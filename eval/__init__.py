"""Evaluations and comparisons on problem sets."""

from tts.eval.comparison import Comparison, job_name
from tts.eval.recipe import Recipe, read_recipe, recipe_of
from tts.eval.spec import ComparisonSpec

__all__ = ["Comparison", "ComparisonSpec", "Recipe", "job_name", "read_recipe", "recipe_of"]
