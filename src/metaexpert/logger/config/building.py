"""Models that pydantic's plugins do not see.

Whenever pydantic builds a model it asks its plugins, and the first time looks for them in all that is
installed. For the configuration of logging that must not be: a plugin that logs would be run while the
configuration's lock is held, and looking for plugins loads some fifty modules that no record needs
(`benchmarks/memory.py`).
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import SchemaSerializer, SchemaValidator


class UnpluggedModel(BaseModel):
    """A model whose validator is pydantic-core's own, made at its first use."""

    # Else the plugins are asked when the class is defined.
    model_config = ConfigDict(defer_build=True)

    @classmethod
    def model_rebuild(cls, *, force: bool = False, raise_errors: bool = True, **options: Any) -> bool | None:
        """Build what validates and serialises the model, as `BaseModel.model_rebuild` does."""
        if cls.__pydantic_complete__ and not force:
            return None
        # pydantic has no public way to a model's schema that does not also ask the plugins. A version that
        # builds in another way gets its own way, plugins included.
        try:
            _build(cls)
        except (ImportError, AttributeError, TypeError):
            return super().model_rebuild(force=force, raise_errors=raise_errors, **options)
        return True

    @classmethod
    def model_json_schema(cls, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Return the JSON Schema of the model, as `BaseModel.model_json_schema` does."""
        # Defaults are shown as their own models serialise them: before pydantic 2.14 those must be built.
        _build_all(UnpluggedModel)
        return super().model_json_schema(*arguments, **options)


def _build_all(base: type[BaseModel]) -> None:
    for model in base.__subclasses__():
        model.model_rebuild()
        _build_all(model)


def _build(model: type[BaseModel]) -> None:
    from pydantic._internal._config import ConfigWrapper
    from pydantic._internal._generate_schema import GenerateSchema
    from pydantic._internal._namespace_utils import NsResolver

    wrapper = ConfigWrapper(model.model_config, check=False)
    generator = GenerateSchema(wrapper, NsResolver())
    schema = generator.clean_schema(generator.generate_schema(model))
    config = wrapper.core_config(title=model.__name__)
    validator, serializer = SchemaValidator(schema, config), SchemaSerializer(schema, config)
    model.__pydantic_core_schema__ = schema
    model.__pydantic_validator__ = validator
    model.__pydantic_serializer__ = serializer
    # Last: whoever finds a complete model uses the three.
    model.__pydantic_complete__ = True
