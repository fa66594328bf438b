"""Search for settings: spaces, points, and trials that several processes share."""

from rhobar.select.search.expected_improvement import expected_improvement
from rhobar.select.search.points import grid_points, random_points
from rhobar.select.search.space import Choice, Integer, Parameter, Real, Space
from rhobar.select.search.study import Report, Search, Trial, search

__all__ = [
    "Choice",
    "Integer",
    "Parameter",
    "Real",
    "Report",
    "Search",
    "Space",
    "Trial",
    "expected_improvement",
    "grid_points",
    "random_points",
    "search",
]
