"""Notes on records that their attributes do not show: their fields as captured, and whether they were taken.

A note is found by its record and lives as long as the record. A copy needs the note if the pipeline has the
record, or if an attribute has another name than its field. Such a record gets a class that hands the note on
and has the same name and attributes. A record that is built from another's attributes has all fields, but no
note.
"""

from __future__ import annotations

import copy
import logging
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from metaexpert.logger.process import engine
from metaexpert.logger.shared import native
from metaexpert.logger.shared.native import Fields

_DELETED: Final = object()


class CallFields:
    """A record's fields under the names of the call, with how they came together.

    `own` are those of the call, `bound` those of its logger and `context` those of the contexts that were
    open, as they were captured. `attributes` says which attribute of the record holds which field.
    """

    __slots__ = ("_given", "attributes", "bound", "context", "own")

    def __init__(self, own: Mapping[str, Any], bound: Fields | None, context: Fields | None) -> None:
        inherited = [{} if fields is None else fields.to_dict() for fields in (context, bound)]
        self.own = own
        self.bound = bound
        self.context = context
        self._given: dict[str, Any] = {**inherited[0], **inherited[1], **own}
        self.attributes: dict[str, str] = {}

    def items(self) -> list[tuple[str, Any]]:
        """Return all fields as they were given: the context's first, the call's last."""
        return list(self._given.items())

    def now(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return all fields as `record` has them now, under the names of the call."""
        present = record.__dict__
        return {name: present[key] for key, name in self.attributes.items() if key in present}

    def submitted(self, record: logging.LogRecord, context: Fields | None) -> tuple[Mapping[str, Any], bool]:
        """Return the call's fields with what filters have changed in the record since, and if these are all.

        The pipeline adds the bound fields and `context`, that of the running thread, by itself; where it is
        not the call's, as behind a queue, the call's own is included. If a filter has deleted a field, all
        that are left are included, and the pipeline adds none.
        """
        changes, deleted = self._changes(record)
        fields: Mapping[str, Any]
        if deleted:
            running = {} if context is None else context.to_dict()
            fields = {**running, **self._given, **changes}
            return {name: value for name, value in fields.items() if name not in deleted}, True
        fields = self.own
        if self.context is not None and self.context is not context:
            fields = {**self.context.to_dict(), **fields}
        return {**fields, **changes} if changes else fields, False

    def _changes(self, record: logging.LogRecord) -> tuple[dict[str, Any], set[str]]:
        """Return the fields that have another value in the record now, and those that are gone from it."""
        present, given = record.__dict__, self._given
        changes: dict[str, Any] = {}
        deleted: set[str] = set()
        for attribute, name in self.attributes.items():
            value = present.get(attribute, _DELETED)
            if value is _DELETED:
                deleted.add(name)
            elif value is not given.get(name, _DELETED):
                changes[name] = value
        return changes, deleted

    def renamed(self) -> dict[str, str]:
        """Return the attributes that have another name than their field."""
        return {attribute: name for attribute, name in self.attributes.items() if attribute != name}

    def revised(self, record: logging.LogRecord) -> CallFields:
        """Return the same for a deep copy of the record, whose values are other objects."""
        fields = CallFields(self.now(record), None, None)
        fields.attributes = self.attributes
        return fields


class Note(weakref.ref[logging.LogRecord]):
    """The facts noted about a record."""

    __slots__ = ("fields", "key", "taken_by")

    fields: CallFields | None
    #: The pipeline that has the record, and the logger's name with which it has it.
    taken_by: tuple[str, str] | None
    key: int

    def __new__(cls, record: logging.LogRecord) -> Self:
        """Make a note that forgets itself when its record ends."""
        return super().__new__(cls, record, _forget)

    def __init__(self, record: logging.LogRecord) -> None:
        super().__init__(record, _forget)  # type: ignore[call-arg]
        self.key = id(record)
        self.fields = None
        self.taken_by = None


def _forget(note: Any, /) -> None:
    # Its address may be another record's by now.
    key = note.key
    if _notes.get(key) is note:
        del _notes[key]


#: By the record's address, because a class of records may compare and hash as it likes.
_notes: Final[dict[int, Note]] = native.lasting.setdefault("notes", {})


def note_of(record: logging.LogRecord) -> Note | None:
    """Return what is known about `record`."""
    note = _notes.get(id(record))
    return note if note is not None and note() is record else _noted_natively(record)


def _noted_natively(record: logging.LogRecord) -> Note | None:
    """Return what the native engine knows about a record that it has made."""
    known = native.known_of(record)
    if known is None:
        return None
    own, bound, context, has_it = known
    note = _notes[id(record)] = Note(record)
    note.fields = CallFields(own, bound, context)
    note.fields.attributes = {name: name for name, _ in note.fields.items()}
    note.taken_by = (engine.run_id(), record.name) if has_it else None
    return note


def submit_handed(record: logging.LogRecord) -> bool:
    """Submit a record that the native engine is handing out. True if the pipeline has it now.

    False for any other record, and for one that a handler or filter has changed.
    """
    if not native.submit_handed(record, _usual_kind, _copied_usual_kind):
        return False
    note = _notes.get(id(record))
    if note is not None and note.taken_by is None:
        note.taken_by = (engine.run_id(), record.name)
    return True


def _noted(record: logging.LogRecord) -> Note:
    note = note_of(record)
    if note is None:
        note = _notes[id(record)] = Note(record)
    return note


def note_fields(record: logging.LogRecord, fields: CallFields) -> None:
    """Note the fields of a record that the library makes, whose attributes hold them."""
    _noted(record).fields = fields
    # Filters may ask for the record's class. Without names to restore, a copy's attributes say the same.
    if fields.renamed():
        _follow_copies(record)


def note_taken(record: logging.LogRecord) -> None:
    """Note that this process's pipeline has the record."""
    _noted(record).taken_by = (engine.run_id(), record.name)
    _follow_copies(record)


def is_taken(note: Note | None, record: logging.LogRecord) -> bool:
    """Tell whether this process's pipeline has the record, or had the one that it is a copy of.

    A copy that a handler passes on in another logger's name is a record of its own.
    """
    return note is not None and note.taken_by == (engine.run_id(), record.name)


class _Copied(logging.LogRecord):
    """A record whose copies keep its note, and whose pickles are those of its own class."""

    __slots__ = ()

    def __copy__(self) -> logging.LogRecord:
        return _with_note_of(self, _as_own_class(self), lambda fields, _: fields)

    def __deepcopy__(self, memo: dict[int, Any]) -> logging.LogRecord:
        twin = copy.deepcopy(_as_own_class(self), memo)
        return _with_note_of(self, twin, CallFields.revised)

    def __reduce_ex__(self, protocol: Any) -> Any:
        note, twin = note_of(self), _as_own_class(self)
        renamed = {} if note is None or note.fields is None else note.fields.renamed()
        # A record without names to restore needs no library. Later protocols ask for the object's own class.
        return (_restored, (twin, renamed)) if renamed else twin.__reduce_ex__(1)


def _with_note_of(
    record: logging.LogRecord,
    twin: logging.LogRecord,
    revise: Callable[[CallFields, logging.LogRecord], CallFields],
) -> logging.LogRecord:
    note = note_of(record)
    if note is not None:
        of_twin = _noted(twin)
        of_twin.taken_by = note.taken_by
        of_twin.fields = None if note.fields is None else revise(note.fields, twin)
        _follow_copies(twin)
    return twin


def _as_own_class(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of `record` of the class that it had before it was noted."""
    own: type[logging.LogRecord] = type(record).__mro__[2]
    twin = own.__new__(own)
    twin.__dict__.update(record.__dict__)
    return twin


def _restored(record: logging.LogRecord, renamed: dict[str, str]) -> logging.LogRecord:
    """Rebuild a record of another process whose attributes `renamed` hold fields of other names."""
    attributes = {name: name for name in record.__dict__ if name not in standard_names()}
    attributes.update(renamed)
    attributes.pop("category", None)
    fields = CallFields({name: record.__dict__[key] for key, name in attributes.items()}, None, None)
    fields.attributes = attributes
    note_fields(record, fields)
    return record


def standard_names() -> frozenset[str]:
    """Return the names of the attributes that every record has, or gets when it is formatted."""
    return _STANDARD


_STANDARD: Final = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}

_COPIED_KINDS: Final[weakref.WeakKeyDictionary[type, type | None]] = weakref.WeakKeyDictionary()
#: Methods by which a class says itself how it is copied, and which would notice a subclass.
_OF_ITS_OWN: Final = (
    "__copy__",
    "__deepcopy__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__setstate__",
    "__slots__",
    "__new__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__init_subclass__",
    "__setattr__",
)


def _follow_copies(record: logging.LogRecord) -> None:
    """Have the copies of `record` noted, unless its class says itself how it is copied."""
    own = type(record)
    if own not in _COPIED_KINDS:
        _COPIED_KINDS[own] = _copied_kind(own)
    kind = _COPIED_KINDS[own]
    if kind is not None:
        object.__setattr__(record, "__class__", kind)


def _copied_kind(own: type[logging.LogRecord]) -> type | None:
    """Return the class of `own` records whose copies keep their note; None if they can't."""
    if issubclass(own, _Copied) or type(own) is not type or not issubclass(own, logging.LogRecord):
        return None
    if any(name in kind.__dict__ for kind in own.__mro__[:-1] for name in _OF_ITS_OWN):
        return None
    words = {"__slots__": (), "__module__": own.__module__, "__qualname__": own.__qualname__}
    return type(own.__name__, (_Copied, own), words)


_usual_kind: Final = logging.LogRecord
_copied_usual_kind: Final = _copied_kind(_usual_kind)
