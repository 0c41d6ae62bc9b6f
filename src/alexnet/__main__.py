"""The command `alexnet`, and `python -m alexnet`."""

import os
import sys
import traceback

from alexnet.cli import alexnet
from alexnet.errors import AlexNetError


def main() -> None:
    """Run a command; print what a user can mend in one line, and exit with its code."""
    try:
        code = alexnet.main(prog_name="alexnet", standalone_mode=True)
        sys.exit(code or 0)
    except AlexNetError as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        print(f"alexnet: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read our output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


if __name__ == "__main__":
    main()
