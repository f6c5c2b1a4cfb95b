"""The one place where an error becomes an exit code."""

import io
import os
import sys

from xuna_cli import __version__


def main(argv: list[str]) -> int:
    """Run one command.

    Args:
        argv: the arguments, without the program's name.

    Returns:
        The exit code, see `errors.ExitStatus`.
    """
    from xuna_cli.interrupts import INTERRUPTS, Interrupted

    _fill_descriptors()
    try:
        INTERRUPTS.install()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a terminal that can't show a name must not end the run
                stream.reconfigure(errors="backslashreplace")
        return _flush(_guarded(argv))
    except Interrupted as interrupt:
        return _flush(128 + interrupt.signum)
    finally:
        INTERRUPTS.let_finish()  # while the interpreter ends, nothing may be raised


def _guarded(argv: list[str]) -> int:
    from xuna_cli.errors import ExitStatus, XunaError

    try:
        return _run(argv)
    except XunaError as error:
        from xuna_cli.output.messages import print_error

        print_error(error)
        return error.exit_status
    except Exception as error:  # noqa: BLE001 - the last resort
        if _is_full(error):
            _print_full()
            return ExitStatus.CONFIGURATION
        _print_bug(error)
        return ExitStatus.BUG


def _run(argv: list[str]) -> int:
    if argv in (["--version"], ["-V"]):  # answered before Typer is imported
        print(f"xuna {__version__}")  # noqa: T201 - the answer
        return 0
    if os.environ.get("_XUNA_COMPLETE") in {"words", "line"}:  # a shell asks; its user sees no error
        from xuna_cli.commands.shell_completion import complete

        return complete(os.environ["_XUNA_COMPLETE"], argv)
    from xuna_cli.gc_paused import GcPaused
    from xuna_cli.interrupts import INTERRUPTS

    with GcPaused():
        from xuna_cli.commands.app import app

    INTERRUPTS.check()
    try:
        app(argv, prog_name="xuna")
    except SystemExit as leaving:  # how Typer ends, also when all went well
        if isinstance(
            leaving.__context__, BrokenPipeError
        ):  # `xuna --help | head -1`: a reader who has left early
            return int(getattr(leaving.__context__.__context__, "exit_code", 0))  # else of the usage error
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def _flush(status: int) -> int:
    """Write out what waits: Typer's help, say. What commands print was written by `emit`."""
    for stream, descriptor in ((sys.stderr, 2), (sys.stdout, 1)):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:
            # Or the interpreter tries again at its end, and makes 120 of the exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
            if descriptor == 1 and not isinstance(error, BrokenPipeError):
                if status == 0:
                    _print_full()
                status = status or 4
    return status


def _fill_descriptors() -> None:
    """Open what was closed at the start (`2>&-`), so that no ledger and no socket is taken for stderr."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one


def _is_full(error: Exception) -> bool:
    import errno

    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _print_full() -> None:
    """Say that a disk is full that is no ledger's and no list's: those have words of their own."""
    if sys.stderr is not None:
        print(  # noqa: T201 - to stderr
            "xuna: error: the output, or a temporary file, can't be written: the disk is full\n"
            "  free some disk space and run the same command again",
            file=sys.stderr,
        )


def _print_bug(error: Exception) -> None:
    """Say that there is a bug, and where its report is; an exception's own text may quote people."""
    import traceback

    from xuna_cli.crash_report import write_crash_report

    report = write_crash_report(error, os.environ)
    if sys.stderr is None:
        return
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
    advice = (
        "No report could be written. Please tell us this line."
        if report is None
        else f"Please report it with this file, which has no names, numbers or keys: {report}"
    )
    print(f"xuna: error: a bug in xuna {__version__} ({where})\n  {advice}", file=sys.stderr)  # noqa: T201 - to stderr


def entry() -> None:
    """Run as the console script `xuna`."""
    # The built-in part of `signal`, which takes no import: until our handlers are set, Ctrl-C ends the
    # process without a traceback.
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    entry()
