"""A career coach that never makes things up: every sentence of an answer carries its evidence.

>>> from coach import Coach                                                        # doctest: +SKIP
>>> print(Coach().ask("Which skills are critical?").text)                         # doctest: +SKIP
"""

from coach.errors import CoachError
from coach.pipeline import Coach
from coach.planning.learner import Learner
from coach.planning.plan import Plan
from coach.planning.profile import Profile
from coach.settings import Settings, load_settings
from coach.types import Answer

__all__ = ["Answer", "Coach", "CoachError", "Learner", "Plan", "Profile", "Settings", "load_settings"]
