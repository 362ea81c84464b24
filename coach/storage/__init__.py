"""Conversations and feedback that outlive a page: a database behind a handful of calls."""

from coach.storage.conversations import ConversationStore, open_store, store_problem
from coach.storage.export import as_markdown
from coach.storage.records import Conversation, Feedback, Thumb, Turn

__all__ = [
    "Conversation",
    "ConversationStore",
    "Feedback",
    "Thumb",
    "Turn",
    "as_markdown",
    "open_store",
    "store_problem",
]
