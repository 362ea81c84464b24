"""What outlives a page: conversations, profiles, progress and documents, in a database behind a handful of calls."""

from coach.storage.conversations import ConversationStore
from coach.storage.export import as_markdown
from coach.storage.opening import open_passing_store, open_store, store_problem
from coach.storage.records import (
    Conversation,
    DocumentKind,
    Feedback,
    KeptDocument,
    LearnerRecord,
    Thumb,
    Turn,
)
from coach.storage.store import Store

__all__ = [
    "Conversation",
    "ConversationStore",
    "DocumentKind",
    "Feedback",
    "KeptDocument",
    "LearnerRecord",
    "Store",
    "Thumb",
    "Turn",
    "as_markdown",
    "open_passing_store",
    "open_store",
    "store_problem",
]
