"""Times and lengths in suitable units; messages about files that cannot be written."""

import time

WEEK_S, AGES_S = 6 * 86400.0, 10 * 365 * 86400.0
"""Below this the weekday is sufficient; above it a date has no meaning."""


def time_unit(longest_s: float) -> tuple[float, str]:
    """Seconds per unit and name of the unit that suits times up to longest_s."""
    for seconds, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if longest_s >= 2 * seconds:
            return seconds, name
    return 1.0, "s"


def time_text(time_s: float) -> str:
    """A time for a title or a sentence, such as "266 s", "24 min", "1.5 h"."""
    for least, seconds, name in ((172800.0, 86400.0, "d"), (3600.0, 3600.0, "h"), (600.0, 60.0, "min")):
        if time_s >= least:
            return f"{time_s / seconds:.3g} {name}"
    return f"{time_s:.3g} s"


def until_text(left_s: float) -> str:
    """When a remaining time will be over, such as ", until Tue 14:05"; with the date if it is not
    this week."""
    if left_s > AGES_S:
        return ", for years"
    form = ", until %a %H:%M" if left_s < WEEK_S else ", until %Y-%m-%d"
    return time.strftime(form, time.localtime(time.time() + left_s))


def length_unit(longest_um: float) -> tuple[float, str]:
    """Micrometres per unit and name of the unit that suits lengths up to longest_um."""
    return (1e-3, "nm") if longest_um < 1.0 else (1.0, "µm")


def length_text(length_um: float) -> str:
    """A length for a label, such as "50 nm" or "2 µm"."""
    per_unit, unit = length_unit(length_um)
    return f"{length_um / per_unit:.3g} {unit}"


def cannot_write(error: OSError) -> str:
    """Message about a file or folder that could not be written, with the remedy."""
    return f"{not_written(error)}; give another place with --out, or make room there"


def not_written(error: OSError) -> str:
    """The same without remedy, such as "out/records.csv: cannot be written (No space left on
    device)"."""
    if error.errno is None:
        return str(error)
    return f"{error.filename or 'the results'}: cannot be written ({error.strerror})"


def not_printed(error: OSError) -> str:
    """Message about a standard output that cannot be written."""
    return f"standard output cannot be written ({error.strerror}): the printed text is lost, the files are complete"
