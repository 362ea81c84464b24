"""Every error that the coach raises on purpose.

::

    CoachError
    ├── KnowledgeError      a file under knowledge/ is not as it should be
    │   └── ImportPageError a page to import has another layout
    ├── EncoderError        weights missing, damaged, or not the published ones
    ├── VectorIndexError    the index cannot be read, written or rebuilt
    │   └── IndexBusyError  another process is writing it
    ├── StorageError        what is kept cannot be read or written
    │   └── ConflictError   another window saved the same thing meanwhile
    ├── ProfileError        a profile, or a plan to be read back, is not as it should be
    ├── DocumentError       a resume, posting or other document cannot be read
    ├── ModelError          a language model cannot be reached or gives nothing of use
    ├── UnknownPathwayError no pathway of that name
    └── SettingsError       an environment variable has an unusable value

A message states the fact, the place and the next step. Not knowing an answer is no error: it is an
``Answer`` with status ``abstained``.
"""

from __future__ import annotations


class CoachError(Exception):
    """Base of the tree; ``str(error)`` is fit to be shown to a person."""


class KnowledgeError(CoachError):
    """A knowledge file is not as it should be; names file, field and what was expected."""


class ImportPageError(KnowledgeError):
    """A page to import does not have the layout of a career-pathway page."""


class EncoderError(CoachError):
    """The embedding model is missing, damaged, or not the published one."""


class VectorIndexError(CoachError):
    """The vector index cannot be read, written or rebuilt."""


class IndexBusyError(VectorIndexError):
    """Another process holds the index's lock for longer than we wait."""


class StorageError(CoachError):
    """Conversations, profiles or progress cannot be read or written."""


class ConflictError(StorageError):
    """Another window saved the same thing meanwhile; nothing was overwritten."""


class ProfileError(CoachError):
    """A profile or an exported plan is not as it should be; names the field and what was expected."""


class DocumentError(CoachError):
    """A document cannot be read: its kind, its size, its protection, or damage. Says which and what to do."""


class ModelError(CoachError):
    """A language model cannot be used; says what is wrong and what to do. Never holds a key."""


class UnknownPathwayError(CoachError):
    """No pathway of that name is known."""


class SettingsError(CoachError):
    """A setting has an unusable value; names the variable and what was expected."""
