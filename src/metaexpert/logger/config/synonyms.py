"""Names that people guess for settings, and what each becomes here.

They are what arguments of `basicConfig`, keys of `dictConfig` and of the handlers of `logging`, and options
of structlog, loguru and others are called. Some of them have another meaning here, or need no setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic import BaseModel

from metaexpert.logger.config.defaults import KNOWN_HANDLERS
from metaexpert.logger.config.destinations import TYPES
from metaexpert.logger.config.documents import ANY, HANDLERS
from metaexpert.logger.config.fields import folded
from metaexpert.logger.config.navigation import fields_at


class Meant(NamedTuple):
    """The meaning of a guessed name: settings by dotted path, else words on why there is none."""

    settings: tuple[str, ...] = ()
    words: str = ""


def _settings(*paths: str) -> Meant:
    return Meant(paths)


def _words(text: str) -> Meant:
    return Meant(words=text)


_LEVEL: Final = _settings("default_level")
_FORMAT: Final = _settings("handlers.console.format", "handlers.file.format")
_DATEFMT: Final = _settings("handlers.console.datefmt", "handlers.file.datefmt")
_DIRECTORY: Final = _settings("log_file_path")
_FILENAME: Final = _settings("handlers.file.filename")
_KEPT: Final = _settings("handlers.file.backup_count", "handlers.file.max_age_days")
_ROTATION: Final = _settings("handlers.file.max_size", "handlers.file.rotate")
_COMPRESSION: Final = _settings("handlers.file.compress")
_APPENDED: Final = _words("leave it out: files are appended to")
_UTF_8: Final = _words("leave it out: everything is written in UTF-8")
_STYLE: Final = _words("leave it out: formats are %-style")
_ALWAYS: Final = _words("leave it out: it is always so")
_DICTCONFIG: Final = _words('it belongs to a dictConfig document, which says "version": 1 as well')
_EXCEPTIONS: Final = _words("leave it out: tracebacks are always whole, without the values of variables")
_FILTER: Final = _words("use a logging.Filter on a logger")
_NO_PROCESSORS: Final = _words(
    "there are no processors: let structlog end in metaexpert.logger.structlog.PipelineProcessor"
)
_BUFFER: Final = _settings("queue.capacity_bytes")
_URL: Final = _settings("handlers.*.url")
_FIELDS: Final = _words("use log_context() or get_logger(...).bind() for fields of many records")
_BARS: Final = _words('use loggers."metaexpert.market", "INFO" for no bars and "DEBUG" for bars')
_HANDLER_FORMAT: Final = _settings("handlers.*.format")
_HANDLER_ROTATION: Final = _settings("handlers.*.max_size", "handlers.*.rotate")
_HANDLER_KEPT: Final = _settings("handlers.*.backup_count", "handlers.*.max_age_days")

#: By the name without its capitals and underscores.
_AT_THE_TOP: Final[Mapping[str, Meant]] = MappingProxyType(
    dict.fromkeys(
        (
            "level",
            "loglevel",
            "rootlevel",
            "minlevel",
            "minimumlevel",
            "severity",
            "verbosity",
            "root",
            "log",
        ),
        _LEVEL,
    )
    | dict.fromkeys(("levels", "loglevels", "loggerlevels", "logger"), _settings("loggers"))
    | dict.fromkeys(("format", "fmt", "logformat", "formatter", "formatstring"), _FORMAT)
    | dict.fromkeys(("datefmt", "dateformat", "timeformat", "timefmt", "timestampformat"), _DATEFMT)
    | dict.fromkeys(
        ("directory", "dir", "logdir", "logsdir", "logdirectory", "logfolder", "folder", "logpath", "path"),
        _DIRECTORY,
    )
    | dict.fromkeys(("filename", "logfile", "logfilename", "file", "sink"), _FILENAME)
    | dict.fromkeys(("retention", "keep", "backupcount", "backups", "maxagedays"), _KEPT)
    | dict.fromkeys(("rotation", "rotate", "when", "interval"), _ROTATION)
    | dict.fromkeys(("maxsize", "maxbytes", "maxfilesize"), _settings("handlers.file.max_size"))
    | dict.fromkeys(("compression", "compress"), _COMPRESSION)
    | dict.fromkeys(("stream", "output"), _settings("handlers.console.stream"))
    | dict.fromkeys(("handler", "sinks", "appenders", "targets"), _settings(HANDLERS))
    | dict.fromkeys(("console", "consol", "logtoconsole", "stdout"), _settings("handlers.console"))
    | dict.fromkeys(("tradelogfile", "tradelog"), _settings("handlers.trades.filename"))
    | dict.fromkeys(("errorlogfile", "errorlog"), _settings("handlers.errors.filename"))
    | dict.fromkeys(("recordbars", "bars"), _BARS)
    | dict.fromkeys(("logging", "metaexpert", "tool"), _words("the table of a file is called log"))
    | dict.fromkeys(("trades", "errors"), _words("it is a handler; give it in the table handlers"))
    | dict.fromkeys(("json", "serialize", "renderer"), _FORMAT)
    | dict.fromkeys(("redaction", "mask", "masking", "secrets", "sensitive"), _settings("redact"))
    | dict.fromkeys(("capturewarnings", "interceptstdlib", "capturelogging"), _settings("capture_stdlib"))
    | dict.fromkeys(("filemode", "mode"), _APPENDED)
    | dict.fromkeys(("encoding",), _UTF_8)
    | dict.fromkeys(("delay",), _settings("handlers.file.delay"))
    | dict.fromkeys(("sync",), _settings("handlers.file.sync"))
    | dict.fromkeys(("url", "address", "host", "port"), _words("use url of a tcp, udp or syslog handler"))
    | dict.fromkeys(("buffering", "buffered", "flush"), _words("leave it out: lines go out in batches"))
    | dict.fromkeys(("style",), _STYLE)
    | dict.fromkeys(("force",), _words("leave it out: each call changes what it names"))
    | dict.fromkeys(("formatters", "disableexistingloggers", "incremental"), _DICTCONFIG)
    | dict.fromkeys(("filters", "filter", "patcher"), _FILTER)
    | dict.fromkeys(("enqueue", "async", "asynchronous", "cachelogger", "cacheloggeronfirstuse"), _ALWAYS)
    | dict.fromkeys(("queuesize", "buffersize", "capacity", "bufferbytes"), _BUFFER)
    | dict.fromkeys(("backtrace", "diagnose", "catch"), _EXCEPTIONS)
    | dict.fromkeys(("processors", "wrapperclass", "loggerfactory", "contextclass"), _NO_PROCESSORS)
    | dict.fromkeys(
        ("colorize", "colour", "color", "colors"),
        _words("leave it out: a terminal gets colours unless NO_COLOR is set"),
    )
    | dict.fromkeys(("extra", "context", "bind"), _FIELDS)
    | dict.fromkeys(("caller", "runid", "threadid", "processid"), _settings("include"))
)

_IN_A_HANDLER: Final[Mapping[str, Meant]] = MappingProxyType(
    dict.fromkeys(("class", "kind"), _settings("handlers.*.type"))
    | dict.fromkeys(("loglevel", "minlevel", "severity"), _settings("handlers.*.level"))
    | dict.fromkeys(("formatter", "fmt", "serialize", "json"), _HANDLER_FORMAT)
    | dict.fromkeys(
        ("dateformat", "timeformat", "timefmt", "timestampformat"), _settings("handlers.*.datefmt")
    )
    | dict.fromkeys(("file", "path", "logfile", "basefilename", "sink"), _settings("handlers.*.filename"))
    | dict.fromkeys(("directory", "logdir", "dir"), _DIRECTORY)
    | dict.fromkeys(("rotation", "when", "interval", "maxfilesize"), _HANDLER_ROTATION)
    | dict.fromkeys(("maxbytes",), _settings("handlers.*.max_size"))
    | dict.fromkeys(("retention", "keep", "backups"), _HANDLER_KEPT)
    | dict.fromkeys(("compression",), _settings("handlers.*.compress"))
    | dict.fromkeys(("filters",), _settings("handlers.*.filter"))
    | dict.fromkeys(("output", "target"), _settings("handlers.*.stream"))
    | dict.fromkeys(("address", "host", "port", "server"), _URL)
    | dict.fromkeys(("mode", "filemode"), _APPENDED)
    | dict.fromkeys(("encoding",), _UTF_8)
    | dict.fromkeys(("style",), _STYLE)
    | dict.fromkeys(
        ("utc", "attime"), _words("leave it out: files are rotated at full hours or midnight UTC")
    )
    | dict.fromkeys(("facility",), _words("leave it out: the facility is user"))
    | dict.fromkeys(("enqueue", "async"), _ALWAYS)
    | dict.fromkeys(("capacity", "buffersize", "flushlevel"), _BUFFER)
    | dict.fromkeys(("backtrace", "diagnose", "catch"), _EXCEPTIONS)
    | dict.fromkeys(
        ("colorize", "color", "colors", "colour"),
        _words("leave it out: a terminal gets colours unless NO_COLOR is set"),
    )
)

_HANDLER_STEPS: Final = 3


def meant_by(steps: Sequence[str], model: type[BaseModel]) -> Meant | None:
    """Return what the unknown setting at `steps` probably stands for, None for no common guess.

    The name of a setting that `model`, the whole configuration, has in that table stands for it, however it
    is spelt.
    """
    if len(steps) == 1:
        name = folded(steps[0])
        bare = name.removeprefix("logging").removeprefix("log")
        known = _by_folded(model.model_fields)
        return (
            _AT_THE_TOP.get(name)
            or known.get(name)
            or _AT_THE_TOP.get(bare)
            or known.get(bare)
            or _by_folded(_below_the_top(model)).get(bare)
        )
    if len(steps) == _HANDLER_STEPS and steps[0] == HANDLERS:
        found = _IN_A_HANDLER.get(folded(steps[-1]))
        if found is not None:
            return Meant(tuple(path.replace(ANY, steps[1]) for path in found.settings), found.words)
    return None


def advice(meant: Meant) -> str:
    """Return what to write instead, in the words of Python and files."""
    return meant.words or f"use {' or '.join(meant.settings)}"


def _by_folded(siblings: Iterable[str]) -> dict[str, Meant]:
    """Return what the names of `siblings` stand for, whatever their capitals, underscores and dots."""
    return {folded(name): _settings(name) for name in siblings}


def _below_the_top(model: type[BaseModel]) -> Iterator[str]:
    """Yield the settings in tables, for names with one underscore where two are meant."""
    for table in model.model_fields:
        yield from (f"{table}.{name}" for name in fields_at(model, (table,)))
    for handler, known in KNOWN_HANDLERS.items():
        yield f"{HANDLERS}.{handler}"
        yield from (f"{HANDLERS}.{handler}.{name}" for name in TYPES[known["type"]].model_fields)
