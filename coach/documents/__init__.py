"""Documents that people bring: a resume, a job posting. Bytes come in, typed lines go out, nothing is kept.

Start with ``coach.documents.reading``: it starts a child process, ``coach.documents.child``, in which the libraries
that parse PDF, Word and Markdown run under limits, and turns whatever happens there into a ``Document`` or a
``DocumentError``.
"""

from coach.documents.reading import read_document
from coach.documents.values import LIMITS, Document, DocumentKind, Limits, Line

__all__ = ["LIMITS", "Document", "DocumentKind", "Limits", "Line", "read_document"]
