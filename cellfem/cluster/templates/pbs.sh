#!/bin/bash
# Written by cellfem submit. Goes on from the last checkpoint and queues itself again until the run is done.
# A template: written after the manual of OpenPBS, not tried here. PBS sends SIGTERM some seconds before it kills, so that the
# run stops by itself in good time (--max-time).
#PBS -N %{name}
#PBS -l select=%{nodes}:ncpus=%{tasks_per_node}:mpiprocs=%{tasks_per_node}
#PBS -l walltime=%{walltime}
#PBS -r y
#PBS -j oe
#PBS -o %{log}
%{extra}
cd "$PBS_O_WORKDIR"
again() {
    qsub -v CELLFEM_RESTARTS=$((restarts + 1)) %{script}
}
restarts=${CELLFEM_RESTARTS:-0}
%{body}
