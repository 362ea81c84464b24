"""The Evaluation page: runs, their figures and their failing cases."""
