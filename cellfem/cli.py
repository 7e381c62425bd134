"""The command line: `cellfem COMMAND`. A command's module is imported when the command is called or
its help is shown; `cellfem --help` takes names and help lines from `commands.lazy`.

Exit codes: 0 done, 2 bad case, 3 solver gave up, 4 stopped from outside.
"""

import errno
import os
import sys
from typing import Annotated, NoReturn

from cellfem.pipes import outlive_readers
from cellfem.signals import listen

if __name__ == "__main__" or sys.argv[0].endswith("cellfem"):
    outlive_readers()
    listen(sys.argv)  # before the other imports, which take time

from cellfem.process import configure

configure()  # before numpy and matplotlib are imported

import typer

import cellfem
from cellfem.commands.lazy import HELP, LazyGroup
from cellfem.errors import ExitCode
from cellfem.formatting import not_printed

ABOUT = (
    "Where a lithium / LLZO interface loses contact under current, and what stack pressure prevents it. "
    "Begin with: cellfem new NAME, cellfem run NAME, cellfem report results/NAME."
)
app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False, help=ABOUT, context_settings=HELP)


def _version(asked: bool) -> None:
    if asked:
        print(cellfem.__version__)
        raise typer.Exit


@app.callback()
def commands(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """Placeholder for `LazyGroup`; typer shows the help of the app."""


def main() -> NoReturn:
    """Run the command line. A name that is not valid text, or a closed standard output, ends it
    with one sentence."""
    for word in sys.argv[1:]:
        try:
            word.encode("utf-8")
        except UnicodeEncodeError:
            _end(f"{word!a}: is not UTF-8, which names must be; rename it, or give another")
    code: object = 0
    problem: OSError | None = None
    try:
        app()
    except SystemExit as ended:
        code = ended.code
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        problem = error
    try:
        sys.stdout.flush()
    except OSError as error:
        problem = problem or error
    if problem is not None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  nothing is tried again at exit
        print(not_printed(problem), file=sys.stderr)
    raise SystemExit(code or (ExitCode.GAVE_UP if problem else 0))


def _end(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(ExitCode.BAD_CASE)


if __name__ == "__main__":
    main()
