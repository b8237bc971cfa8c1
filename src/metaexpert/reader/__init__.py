"""Reading logs as a whole: all files that belong to one, whichever process wrote them and however they are
packed.
"""

from metaexpert.reader.files import LogFile, family

__all__ = ["LogFile", "family"]
