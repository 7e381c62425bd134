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
# # A map with its band
#
# The creep rate of lithium is the least certain number of all: three published parameter sets differ
# 18-fold at 1 MPa. A contact fraction for one set means little; the band over the sets is the result.

# %%
import matplotlib.pyplot as plt

import cellfem

case = cellfem.Case(
    {
        "title": "Contact under a stripping current",
        "stack": {"width": "8 um"},
        "lithium": {"thickness": "6 um"},
        "electrolyte": {"thickness": "8 um"},
        "void": [{"center": "0 um", "half_width": "2 um", "depth": "0.4 um"}],
        "protocol": [
            {
                "mode": "strip",
                "current": "0.5 mA/cm^2",
                "duration": "10 min",
                "pressure": "1 MPa",
                "stop": {"contact": 0.5},
            }
        ],
        "mesh": {"near": "0.7 um"},
    }
)
swept = cellfem.sweep(
    case,
    "results/map-and-band",
    pressure=["0.4 MPa", "1.6 MPa"],
    current=["0.5 mA/cm^2"],
    axes={"lithium.creep": ["masias", "lepage", "anand_narayan_steady"]},
    jobs=2,
)
swept.records[["pressure", "lithium.creep", "verdict", "contact_fraction"]]

# %% [markdown]
# The grid as an xarray Dataset: the band is the range over the axis of the creep sets.

# %%
found = swept.to_xarray()
contact = found["contact_fraction"].sel(current=0.5)
low, high = contact.min("lithium.creep"), contact.max("lithium.creep")

# %%
figure, axes = plt.subplots(figsize=(4.5, 3.0))
axes.fill_between(contact["pressure"], low, high, alpha=0.3, label="over creep sets")
for creep in contact["lithium.creep"].values:
    axes.plot(contact["pressure"], contact.sel({"lithium.creep": creep}), marker="o", label=str(creep))
axes.set_xscale("log")
axes.set_xlabel("stack pressure (MPa)")
axes.set_ylabel("contact fraction after 10 min")
axes.legend(fontsize=7)

# %% [markdown]
# Each point is a run of its own, with all that a run has:

# %%
for run in swept:
    print(run.folder.name, "|", run.verdict.text)
