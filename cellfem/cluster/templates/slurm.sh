#!/bin/bash
# Written by cellfem submit. Goes on from the last checkpoint and queues itself again until the run is done.
#SBATCH --job-name=%{name}
#SBATCH --nodes=%{nodes}
#SBATCH --ntasks=%{tasks}
#SBATCH --cpus-per-task=1
#SBATCH --time=%{minutes}
#SBATCH --signal=B:USR1@%{margin}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%{log}
%{extra}
again() {
    scontrol requeue "${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
}
turn=${SLURM_RESTART_COUNT:-0}
%{body}
