"""The option by which a folder that is not cellfem's alone may be written into."""

from typing import Annotated

import typer

Replace = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="Write into a folder that holds other files, too (they stay), and replace results of an older cellfem.",
    ),
]
