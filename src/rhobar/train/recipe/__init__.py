"""Recipes: a training as a TOML file, and what turns it into model, data, optimizer and steps."""

from rhobar.train.recipe.assembly import Assembly
from rhobar.train.recipe.checking import RecipeError
from rhobar.train.recipe.models import MODELS, Family
from rhobar.train.recipe.optimizers import OPTIMIZERS
from rhobar.train.recipe.recipe import Recipe
from rhobar.train.recipe.sections import Choice, Loss, Regularisation, Run

__all__ = [
    "MODELS",
    "OPTIMIZERS",
    "Assembly",
    "Choice",
    "Family",
    "Loss",
    "Recipe",
    "RecipeError",
    "Regularisation",
    "Run",
]
