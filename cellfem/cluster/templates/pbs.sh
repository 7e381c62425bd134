#!/bin/bash
# Written by cellfem submit. Goes on from the last checkpoint and queues itself again until the run is done.
# PBS gives no warning before the time limit: the run stops by itself in good time (--max-time). PBS delivers -o at the end of
# each turn, over the one before it: the script writes its log itself.
#PBS -N %{name}
#PBS -l select=%{nodes}:ncpus=%{tasks_per_node}:mpiprocs=%{tasks_per_node}
#PBS -l walltime=%{walltime}
#PBS -r y
#PBS -j oe
#PBS -o %{log}
%{extra}
exec >>%{log_word} 2>&1
[ -z "$PBS_O_WORKDIR" ] || cd "$PBS_O_WORKDIR"
again() { # with the qsub that it was submitted by
    PATH=${PBS_O_PATH:+$PBS_O_PATH:}$PATH qsub -v CELLFEM_TURN=$((turn + 1)) %{script} && return
    echo "not queued again; go on by: qsub" %{script} >&2
    exit 4
}
turn=${CELLFEM_TURN:-0}
%{body}
