"""Names of parameter sets, checked against the available ones."""

from typing import Any

from pydantic_core import PydanticCustomError

from cellfem import materials


def known(name: str, look_up: Any, alternative: str) -> str:
    try:
        look_up()
    except materials.UnknownMaterialError as error:
        raise PydanticCustomError("unknown_name", "{text}", {"text": f"{error} {alternative}".strip()}) from error
    return name
