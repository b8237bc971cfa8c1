"""The compared loggers as whole programs: text for a fresh interpreter that has imported nothing yet.

A program pays for all of its own imports here, because a benchmark's harness in the same process would
already have paid for some of them. Each sets its logger up as `log`, with the text of `setups`; `path` is the
file.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from inspect import getsource
from pathlib import Path
from typing import Final

from harness.bytecode import environment
from harness.loggers import LOGGERS, OWN, QUEUED

#: What MetaExpert's models import of pydantic, and nothing else. They are built without what pydantic loads
#: for plugins with a program's first model, so no model is made here.
PYDANTIC: Final = """
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ModelWrapValidatorHandler
from pydantic import PrivateAttr, SecretStr, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError, SchemaSerializer, SchemaValidator
"""

#: MetaExpert with its default settings, the console among them.
_OWN: Final = """
from metaexpert.logger import configure, get_logger
configure(log_file_path=directory)
log = get_logger("bench")
"""
#: The same with an option of a handler, which takes the models and so pydantic.
WITH_MODELS: Final = f"{OWN}, an option of a handler"
_OWN_WITH_MODELS: Final = _OWN.replace(
    "log_file_path=directory", 'log_file_path=directory, handlers={"file": {"backup_count": 9}}'
)


def set_up_of(subject: str) -> str:
    """Return the text that imports a logger and sets it up, and imports only what it needs."""
    if subject == OWN:
        return _OWN
    if subject == WITH_MODELS:
        return _OWN_WITH_MODELS
    function, options = LOGGERS[subject].set_up, ""
    if isinstance(function, partial):
        options = "".join(f", {name}={value!r}" for name, value in function.keywords.items())
        function = function.func
    text = f"{getsource(function)}\nlog, close = {function.__name__}(path{options})\n"
    # Other peers write everything at the end of a program, or leave that to their users. This one needs a
    # call.
    return f"{text}import atexit\natexit.register(close)\n" if subject == QUEUED else text


#: One call, by `Logger.style`; the event has the number `n`.
CALLS: Final[Mapping[str, str]] = {
    "keywords": 'log.info("Order filled", symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=n)',
    "extra": (
        'log.info("Order filled", extra={"symbol": "BTCUSDT", "side": "BUY", "price": 50000.5, "qty": 0.1, '
        '"order_id": n})'
    ),
    "arguments": (
        'log.info(\'"message":"Order filled","symbol":"%s","side":"%s","price":%r,"qty":%r,"order_id":%d\', '
        '"BTCUSDT", "BUY", 50000.5, 0.1, n)'
    ),
    "message": (
        'log.info(f\'{{"event":"Order filled","symbol":"BTCUSDT","side":"BUY","price":{50000.5},"qty":{0.1},'
        '"order_id":{n}}}\')'
    ),
    "braces": (
        'log.info(\'{{"event":"Order filled","symbol":"{symbol}","side":"{side}","price":{price},"qty":{qty},'
        '"order_id":{order_id}}}\', symbol="BTCUSDT", side="BUY", price=50000.5, qty=0.1, order_id=n)'
    ),
    "places": (
        'log.info(\'{"event":"Order filled","symbol":"{}","side":"{}","price":{},"qty":{},"order_id":{}}\', '
        '"BTCUSDT", "BUY", 50000.5, 0.1, n)'
    ),
}


def call_of(subject: str) -> str:
    """Return the text of a logger's call."""
    return CALLS[LOGGERS[OWN if subject == WITH_MODELS else subject].style]


#: The file in which a program leaves its figures; loggers may write to stderr, from threads too.
_TOLD: Final = "told"


def tell(*expressions: str) -> str:
    """Return the statements with which a program reports its figures, which are all integers."""
    return f"with open({_TOLD!r}, 'w') as told:\n    print({', '.join(expressions)}, file=told)\n"


def run(program: str, directory: Path, *, may_die: bool = False) -> list[int]:
    """Run a program in a fresh interpreter and return the figures that it reported.

    It knows `directory`, where it runs, and `path`, the file in it. If it fails, its words end this process.
    It `may_die` by a signal after it has told its figures, as some peers do at their end.
    """
    # The annotations of `setups` name what no program has.
    head = "from __future__ import annotations\n"
    head += f"directory, path = {str(directory)!r}, {str(directory / 'bench.json')!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", head + program],
        cwd=directory,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    has_told = may_die and done.returncode < 0 and (directory / _TOLD).exists()
    if done.returncode != 0 and not has_told:
        words = done.stderr.decode("utf-8", "replace")
        sys.exit(f"a program failed with exit code {done.returncode}:\n{program}\n{words}")
    return [int(figure) for figure in (directory / _TOLD).read_text().split()]
