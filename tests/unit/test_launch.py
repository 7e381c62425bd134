"""How many ranks are started, and how, inside batch jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfem.launch import MOST_PER_CORE, LaunchError, check, cores, launcher_environment


def test_cores_are_those_of_the_job(tmp_path: Path) -> None:
    assert cores({}) >= 1
    assert cores({"SLURM_JOB_CPUS_PER_NODE": "4(x2),8"}) == 16
    nodes = tmp_path / "nodes"
    nodes.write_text("a\n" * 300, encoding="utf-8")
    assert cores({"PBS_NODEFILE": str(nodes)}) == 300


def test_too_many_ranks_are_refused() -> None:
    job = {"SLURM_JOB_CPUS_PER_NODE": "4"}
    assert check(4, job) is None
    assert check(5, job) == "5 ranks, but this job has 4 cores: they compete for cores; -n 4 is faster"
    assert check(4 * MOST_PER_CORE, job) is not None
    with pytest.raises(LaunchError, match=r"-n 1e\+20: this job has 4 cores; give -n 4, or 64 at most"):
        check(10**20, job)
    with pytest.raises(LaunchError, match="one of several ranks already"):
        check(2, job | {"PMI_SIZE": "2"})


def test_inside_a_step_of_srun_the_launcher_forks() -> None:
    """It would wait for ever for the cores that the step itself holds."""
    for outside in ({}, {"SLURM_STEP_ID": "4294967290"}, {"SLURM_STEP_ID": "4294967291"}):
        assert "HYDRA_LAUNCHER" not in launcher_environment(outside)
    step = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_NODES": "1"}
    assert launcher_environment(step)["HYDRA_LAUNCHER"] == "fork"
    assert launcher_environment(step | {"HYDRA_LAUNCHER": "ssh"})["HYDRA_LAUNCHER"] == "ssh"
    with pytest.raises(LaunchError, match="several nodes"):
        launcher_environment(step | {"SLURM_STEP_NUM_NODES": "2"})
