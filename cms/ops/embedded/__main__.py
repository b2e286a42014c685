"""`run PROGRAM…` becomes the program, with the server running where it is wanted; `keep VAR FD` is the keeper."""

import os
import sys
from pathlib import Path

from cms.ops.embedded import Cluster, EmbeddedError, wanted
from cms.ops.embedded.supervisor import Keeper


def main(arguments: list[str]) -> None:
    """`keep VAR FD` is the keeper; `run PROGRAM…` becomes the program, with the server running where it is wanted."""
    match arguments:
        case ["keep", var, report]:
            Keeper(Cluster(Path(var))).run(int(report))
        case ["run", program, *rest]:
            if var_folder := wanted():
                cluster = Cluster(var_folder)
                try:
                    cluster.start()
                except EmbeddedError as error:
                    sys.exit(f"moonpress: {error}")
                cluster.hand_over()
            os.execvp(program, [program, *rest])
        case _:
            sys.exit("usage: python -m cms.ops.embedded run PROGRAM [ARGUMENT…]")


if __name__ == "__main__":
    main(sys.argv[1:])
