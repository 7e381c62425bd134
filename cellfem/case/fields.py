"""Building blocks of the case models: the base class and the field types, each with its unit and
the range that makes sense."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from cellfem.units import quantity


class Section(BaseModel):
    """A table of a case file: frozen, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # `load.checked`, which knows the checks across tables and the words of errors; it is above
    # this.
    checked: ClassVar[Callable[[Any], Any]]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values (floats in working units), checked as a case file is. Raises
        CaseError."""
        copied = super().model_copy(update=update, deep=deep)
        return copied if update is None else Section.checked(copied)

    def unchecked(self, **values: Any) -> Self:
        """A copy with values that are known to be right, or wrong on purpose: within the checks
        themselves, or of a part that is never run."""
        return super().model_copy(update=values)

    def as_written(self) -> dict[str, Any]:
        """The data of a case file: quantities as text with their units."""
        return self.model_dump(mode="json", exclude_none=True, warnings=False)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """With what each key means, from the text below it in the source."""
        schema = handler(core_schema)
        shown = handler.resolve_ref_schema(schema)["properties"]
        for name, text in meanings(cls).items():
            shown[name]["description"] = text
        return schema


@cache
def meanings(section: type[Section]) -> dict[str, str]:
    """What each key of a table means: the text below it in the source. Keys without one are left
    out.

    Read when asked for: pydantic's `use_attribute_docstrings` would read the source of every table
    whenever a case is loaded.
    """
    found = dict.fromkeys(section.model_fields, "")
    for base in reversed(section.__mro__):
        if not (issubclass(base, Section) and base is not Section):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)
        for key, below in pairwise(tree.body):
            match key, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name] = inspect.cleandoc(text)
    return {name: text for name, text in found.items() if text}


Length = Annotated[float, quantity("um", gt=0.0, le=1e5)]
Place = Annotated[float, quantity("um", ge=0.0, le=1e5)]
Time = Annotated[float, quantity("s", gt=0.0, le=1e9)]
Pressure = Annotated[float, quantity("MPa", ge=0.0, le=1e3)]
PositivePressure = Annotated[float, quantity("MPa", gt=0.0, le=1e3)]
CurrentDensity = Annotated[float, quantity("A/m^2", gt=0.0, le=1e5)]
DrivenCurrent = Annotated[
    float, quantity("A/m^2", ge=1e-8, le=1e5, why="what a smaller one moves is round-off beside the creep of lithium")
]
Roughness = Annotated[float, quantity("um", ge=1e-5, le=1e5, why="an atom of lithium is 0.3 nm wide")]
Voltage = Annotated[float, quantity("V", gt=0.0, le=100.0)]
SignedVoltage = Annotated[float, quantity("V", ge=-100.0, le=100.0)]
AreaCharge = Annotated[float, quantity("C/m^2", gt=0.0, le=1e8)]
Temperature = Annotated[float, quantity("K", ge=223.15, le=443.15)]  # well below the melting point of lithium, 453.65 K
AreaResistance = Annotated[float, quantity("ohm*m^2", gt=0.0, le=1e4)]
AreaResistance0 = Annotated[float, quantity("ohm*m^2", ge=0.0, le=1e4)]
Conductivity = Annotated[float, quantity("S*um/m^2", gt=0.0, le=1e10)]
Diffusivity = Annotated[float, quantity("um^2/s", gt=0.0, le=1e6)]
SurfaceTension = Annotated[float, quantity("MPa*um", ge=0.0, le=10.0)]
Stiffness = Annotated[float, quantity("MPa/um", gt=0.0, le=1e8)]
Velocity = Annotated[float, quantity("um/s", gt=0.0, le=1e3)]
Rate = Annotated[float, quantity("1/s", gt=0.0, le=1e15)]
MolarVolume = Annotated[float, quantity("cm^3/mol", ge=0.0, le=100.0)]
ActivationEnergy = Annotated[float, quantity("J/mol", ge=0.0, le=5e5)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]


def default(text: object) -> Any:
    """A default written as the user would write it, with its unit; it passes the same checks."""
    return Field(default=text, validate_default=True)
