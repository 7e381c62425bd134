child= asked= deleted=
heed() { # a signal at any moment, set-up included; SIGTERM before the turn is over is scancel or qdel
    asked=yes
    [ "$1" = USR1 ] || [ $SECONDS -ge %{seconds} ] || deleted=yes
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}
trap 'heed USR1' USR1
trap 'heed TERM' TERM INT
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export XDG_CACHE_HOME=%{cache}
%{setup}
# How a run ends: 0 done, 2 bad case, 3 solver gave up, 4 stopped in time or by a signal; anything else is an accident, and so is 3
# of a run that found no room on its disk: it can go on.
advance() { # a folder for results, the hash of its case, then what cellfem run needs besides
    local out=$1 wanted=$2
    shift 2
    if ! grep -qsF "\"case\": \"$wanted\"" "$out/%{mark}"; then # nothing there yet, or results of another case
        set -- run "$@" --out "$out"
    elif [ -e "$out/checkpoint/start.npz" ]; then
        set -- resume "$out"
    elif [ -e "$out/summary.json" ] && ! grep -q '"end_kind": "interrupted"' "$out/summary.json"; then
        return 0
    else
        set -- run "$@" --out "$out"
    fi
    local left=$((%{seconds} - SECONDS))
    [ -z "$asked" ] && [ $left -gt 0 ] || return 4
    %{launcher} "$@" --progress "%{progress} s" --max-time "$left s" &
    child=$!
    [ -z "$asked" ] || kill -TERM "$child"
    while kill -0 "$child" 2>/dev/null; do # a signal ends wait, not the run
        wait "$child"
    done
    wait "$child"
    local ended=$?
    child=
    case $ended in
        3) [ ! -e "$out/checkpoint/start.npz" ] || grep -qs '"end_kind": "gave up"' "$out/summary.json" || return 75 ;;
    esac
    case $ended in
        0 | 2 | 3) return $ended ;;
    esac
    [ -z "$asked" ] || return 4 # ended by our signal before it could heed it: nothing is lost but set-up
    return $ended
}

counted=%{accidents}
[ "$turn" -gt 0 ] || rm -f "$counted"
%{work}
case $code in
    0 | 2 | 3) exit $code ;;
    4) ;;
    *)
        echo "cellfem ended with code $code" >&2
        accidents=$(($(cat "$counted" 2>/dev/null || echo 0) + 1))
        [ $accidents -le %{most} ] || exit $code
        echo $accidents >"$counted"
        ;;
esac
if [ "$deleted" ]; then
    echo "ended by SIGTERM before its time: not queued again" >&2
    exit 4
fi
again
