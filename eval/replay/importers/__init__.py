"""What others recorded, and what our ledgers hold, as rows of a pool."""

from tts.eval.replay.importers.fields import Fields, read_fields
from tts.eval.replay.importers.pooled import Pooled, Record, sample_rows, write_pool
from tts.eval.replay.importers.read import FileKind, Imported, import_rows, kind_of

__all__ = [
    "Fields",
    "FileKind",
    "Imported",
    "Pooled",
    "Record",
    "import_rows",
    "kind_of",
    "read_fields",
    "sample_rows",
    "write_pool",
]
