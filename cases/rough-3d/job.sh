#!/bin/bash
# Written by cellfem submit. Goes on from the last checkpoint and queues itself again until the run is done.
#SBATCH --job-name=rough-3d
#SBATCH --nodes=1
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=1
#SBATCH --time=60
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=results/rough-3d/job-%j.log

again() {
    scontrol requeue "${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
}
restarts=${SLURM_RESTART_COUNT:-0}
child= asked=
heed() { # a signal at any moment, set-up included
    asked=yes
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}
trap heed USR1 TERM INT
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}"

# How a run ends: 0 done, 2 bad case, 3 solver gave up, 4 stopped in time or by a signal; anything else is an accident.
advance() { # a folder for results, then what cellfem run needs besides
    local out=$1
    shift
    if [ -e "$out/checkpoint/start.npz" ]; then
        set -- resume "$out"
    elif [ -e "$out/summary.json" ] && ! grep -q '"end": "stopped from outside' "$out/summary.json"; then
        return 0
    else
        set -- run "$@" --out "$out"
    fi
    local left=$((3480 - SECONDS))
    [ -z "$asked" ] && [ $left -gt 0 ] || return 4
    mpiexec cellfem "$@" --progress 60 --max-time "$left s" &
    child=$!
    [ -z "$asked" ] || kill -TERM "$child"
    while kill -0 "$child" 2>/dev/null; do # a signal ends wait, not the run
        wait "$child"
    done
    wait "$child"
    local ended=$?
    child=
    case $ended in
        0 | 2 | 3) return $ended ;;
    esac
    [ -z "$asked" ] || return 4 # ended by our signal before it could heed it: nothing is lost but set-up
    return $ended
}

advance results/rough-3d cases/rough-3d
code=$?
case $code in
    0 | 2 | 3) exit $code ;;
    4) ;;
    *)
        echo "cellfem ended with code $code" >&2
        [ "$restarts" -lt 3 ] || exit $code
        ;;
esac
again
