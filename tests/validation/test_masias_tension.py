"""Masias et al. 2019, Table S1: minimum creep rate of lithium in tension at 26 °C, against the
creep set that is a fit of it."""

from importlib.resources import files

import numpy as np
import pytest

from cellfem.materials import creep_set

TEMPERATURE = 299.15  # K


def test_the_set_gives_back_the_data_that_it_was_fitted_to() -> None:
    text = files("cellfem.campaign").joinpath("data/masias2019_tension.csv").read_text(encoding="utf-8")
    stress, rate = np.array([line.split(",") for line in text.splitlines() if line[:1].isdigit()], dtype=float).T
    law = creep_set("masias")
    ratio = rate / (law.A(TEMPERATURE) * stress**law.n)
    assert len(stress) == 7
    assert np.all((ratio > 0.5) & (ratio < 2.0)), ratio
    slope, _ = np.polyfit(np.log(stress), np.log(rate), 1)
    assert slope == pytest.approx(law.n, rel=0.05)
