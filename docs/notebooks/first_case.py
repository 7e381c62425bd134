# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first case
#
# A void of 1 µm and a resistive patch between lithium and LLZO, stripped at 0.5 mA/cm². The case of
# the repository is made smaller here, so that it takes seconds; all keys are in docs/case-files.md.

# %%
import cellfem

case = cellfem.Case(
    {
        "title": "A void and a patch",
        "stack": {"width": "12 um"},
        "lithium": {"thickness": "10 um"},
        "electrolyte": {"thickness": "12 um"},
        "void": [{"center": "0 um", "half_width": "3 um", "depth": "0.6 um"}],
        "patch": [{"center": "9 um", "half_width": "1.5 um", "asr": "1000 ohm*cm^2"}],
        "protocol": [{"mode": "strip", "current": "0.5 mA/cm^2", "duration": "10 min", "pressure": "0.4 MPa"}],
        "mesh": {"near": "0.6 um"},
        "output": {"interval": "2 min"},
    }
)
case.warnings

# %% [markdown]
# Quantities are text with a unit, or of pint. A plain number is refused, with what to write:

# %%
try:
    case.replace(pressure=2)
except cellfem.CaseError as error:
    print(error)

# %%
result = cellfem.run(case, "results/first-case")
print(result.verdict.text)

# %% [markdown]
# A row for each time step, with units in `attrs`:

# %%
records = result.records
print(records.attrs["units"]["voltage_mV"])
records[["time_s", "contact_fraction", "carrying_fraction", "voltage_mV", "void_area_um2"]].tail()

# %% [markdown]
# The interface Γ over time. `weight` integrates: the mean gap is ∫g dA over the area.

# %%
profile = result.profile
mean_gap = (profile["gap_um"] * profile["weight"]).sum("x_um") / profile["weight"].sum()
mean_gap.to_series()

# %%
result.plot.history()

# %%
result.plot.stack("10 min")

# %% [markdown]
# Twice the pressure, step by step, until the void has lost a quarter of its area:

# %%
with cellfem.Simulation(case.replace(pressure="0.8 MPa"), "results/first-case-pressed") as simulation:
    for step in simulation:
        if step.number == 0:
            at_start = step.values["void_area_um2"]
        if step.values["void_area_um2"] < 0.75 * at_start:
            print(f"after {step.time_s:.0f} s")
            break
simulation.result.verdict.end
