"""The personal coach: who the learner is, what they can already show, a dated plan, and the next step."""
