"""Data of a run at one time, for pictures."""

from dataclasses import dataclass

import numpy as np

from cellfem.observe.arrays import Profile, Snapshot


@dataclass(frozen=True, eq=False)
class Scene:
    """The stack and its interface at one time (snapshot gathered from all ranks); second: profile
    of a second electrode."""

    snapshot: Snapshot
    profile: Profile
    second: Profile | None = None

    @property
    def contact_fraction(self) -> float:
        """∫θ_g dA/|Γ|."""
        return float(np.sum(self.profile.weight * self.profile.contact) / np.sum(self.profile.weight))

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """Profiles of each electrode."""
        return (self.profile,) if self.second is None else (self.profile, self.second)
