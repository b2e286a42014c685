"""`run PROGRAM…` becomes the program, with the server running where it is wanted; `supervise VAR FD` is the supervisor."""

import os
import sys
from pathlib import Path

from cms.ops.embedded import Cluster, EmbeddedError, wanted
from cms.ops.embedded.supervisor import Supervisor


def main(arguments: list[str]) -> None:
    """`supervise VAR FD` is the supervisor; `run PROGRAM…` becomes the program, with the server running where it is wanted."""
    match arguments:
        case ["supervise", var, report]:
            Supervisor(Cluster(Path(var))).run(int(report))
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
