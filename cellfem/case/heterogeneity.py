"""A random, non-uniform interface: the [heterogeneity] table of a case."""

from typing import Annotated

from pydantic import Field

from cellfem.case.fields import AreaResistance, Count, Diffusivity, Length, Number, Section, default

Spread = Annotated[Number, Field(ge=0.0, le=10.0)]


class RandomField(Section):
    """A quantity whose logarithm is a Gaussian field with the correlation exp(-(r/length)^2); its
    mean is that of the case."""

    spread: Spread = 0.0
    """Standard deviation over the mean; 0: uniform."""
    length: Length = default("5 um")
    """Correlation length: the distance at which the correlation has fallen to 1/e."""


class Grains(Section):
    """Grain boundaries: the faces of a Poisson-Voronoi tessellation; a plane stack cuts them along
    a line."""

    spacing: Length | None = None
    """Mean distance of grain boundaries along any line (mean intercept). Default: no grain
    boundaries."""
    width: Length = default("1 um")
    """Width of the zone with grain-boundary properties; the mesh needs two nodes on it. Give ASR
    and D averaged over this width."""
    asr: AreaResistance | None = None
    """Interface resistance on a grain boundary of the electrolyte at 25 degC; by default that of
    the grains."""
    D: Diffusivity | None = None
    """Diffusivity in a grain boundary of the lithium, perpendicular to the interface, at 25 degC;
    by default that of the grains."""


class Impurities(Section):
    """Round spots of another interface resistance at random places; they may overlap. A plane stack
    cuts them along a line."""

    share: Annotated[Number, Field(ge=0.0, le=0.9)] = 0.0
    """Area fraction that they cover, on average over many realisations."""
    size: Length = default("3 um")
    """Mean diameter."""
    size_spread: Annotated[Number, Field(ge=0.0, le=2.0)] = 0.5
    """Standard deviation of the diameter over its mean; the distribution is lognormal."""
    asr: AreaResistance = default("1000 ohm*cm^2")
    """Interface resistance at their centre at 25 degC."""
    edge: Length = default("0.5 um")
    """Width of the transition to the surroundings: tanh of the distance from the edge."""


class Heterogeneity(Section):
    """Random variations along the interface. A rough face of random heights is in [roughness]."""

    seed: Annotated[Count, Field(ge=0)] = 1
    """The same seed gives the same interface, on any mesh and any number of ranks."""
    asr: RandomField = Field(default_factory=RandomField)
    """The interface resistance; its mean is interface.asr."""
    roughness: RandomField = Field(default_factory=RandomField)
    """The thickness of the asperity layer; its mean is interface.roughness."""
    grains: Grains = Field(default_factory=Grains)
    """Grain boundaries of the electrolyte and of the lithium."""
    impurities: Impurities = Field(default_factory=Impurities)
    """Spots of contamination."""
