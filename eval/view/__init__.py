"""A local page over a ledger, or over a folder of reports: `tts view`."""

from tts.eval.view.server import serve
from tts.eval.view.source import FolderSource, JobLine, LedgerSource, Source, source_of

__all__ = ["FolderSource", "JobLine", "LedgerSource", "Source", "serve", "source_of"]
