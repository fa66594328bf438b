"""Repair: find the fewest changes that let a training learn, prove them on data that chose nothing."""

from rhobar.diagnose.repair.problem import Problem
from rhobar.diagnose.repair.recipe import recipe_problem
from rhobar.diagnose.repair.search import Attempt, Repair, repair

__all__ = ["Attempt", "Problem", "Repair", "recipe_problem", "repair"]
