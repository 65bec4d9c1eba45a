"""The command line: one file a command, arguments and exit codes, nothing else.

Modules are imported by the command that needs them, so that `--version` costs
no more than Python itself.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code is returned, never raised (argparse's own exits too)."""
    from kfm_audit.cli.parser import UsageError, build_parser

    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = build_parser(arguments[0] if arguments else "").parse_args(arguments)
        command = options.command
        code = int(command(options))
        sys.stdout.flush()
    except UsageError as error:
        print(f"kfm-audit: {error}", file=sys.stderr)
        return 2
    except SystemExit as end:  # argparse ends so after --help, --version and wrong usage
        return end.code if isinstance(end.code, int) else 2
    except KeyboardInterrupt:
        print("\nkfm-audit: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever reads our output has gone; say nothing more to nobody.
        sys.stdout = None  # keeps the interpreter from flushing into the closed pipe
        return 141
    except OSError as error:
        what = "the output cannot be written" if error.filename is None else error.filename
        print(f"kfm-audit: {what}: {error.strerror}", file=sys.stderr)
        return 2
    except Exception as error:  # noqa: BLE001 - a traceback ends with 1, and that would mean findings
        print(f"kfm-audit: {_unforeseen(error)}", file=sys.stderr)
        return 5
    return code


def _unforeseen(error: Exception) -> str:
    """A fault of this program in one line, without the error's own text: that may hold what is secret."""
    where, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        where = f" (line {trace.tb_lineno} of {code.co_name} in {code.co_filename.rpartition(os.sep)[2]})"
        trace = trace.tb_next
    return f"this program failed and checked nothing: {type(error).__name__}{where}; report it with what it was given"


def entry_point() -> NoReturn:
    """The console script: a short-lived process, so the garbage collector is left out of it."""
    import gc

    gc.disable()
    _import_msgspec()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        # Neither is there without a console; whoever has closed a pipe has read enough.
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    # Taking the interpreter apart costs more than a small run does, and nothing in it is
    # left to be saved.
    os._exit(code)


def _import_msgspec() -> None:
    """Import msgspec without `typing_extensions`, which it asks for and does without where we run.

    It brings `inspect`, `ast` and `tokenize` along: a tenth of the whole start.
    """
    name = "typing_extensions"
    if name in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[name]
