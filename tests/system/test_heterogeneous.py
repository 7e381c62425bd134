"""A run on an interface where everything varies at random. Ranks: test_parallel.py."""

from pathlib import Path

from tests.system.small import run_here

EVERYTHING = (
    "patch=[]",
    "heterogeneity.asr.spread=0.5",
    'heterogeneity.asr.length="3 um"',
    "heterogeneity.roughness.spread=0.3",
    'heterogeneity.roughness.length="3 um"',
    'heterogeneity.grains.spacing="4 um"',
    'heterogeneity.grains.width="1.5 um"',
    'heterogeneity.grains.asr="50 ohm*cm^2"',
    'heterogeneity.grains.D="8e-12 m^2/s"',
    "heterogeneity.impurities.share=0.2",
)


def test_balances_hold_where_everything_varies(tmp_path: Path) -> None:
    ran = run_here(tmp_path, *EVERYTHING)
    assert ran.end == "done"
    assert ran.worst_balance() < 1e-8
    uniform = run_here(tmp_path, "patch=[]")
    assert abs(ran.rows[-1]["voltage_mV"] - uniform.rows[-1]["voltage_mV"]) > 1.0
