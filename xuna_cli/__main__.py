"""Entry point: runs a command and turns errors into exit codes."""

import io
import os
import sys

from xuna_cli import __version__


def main(argv: list[str]) -> int:
    """Run one command.

    Args:
        argv: command-line arguments, without the program's name.

    Returns:
        The exit code (see `errors.ExitStatus`).
    """
    from xuna_cli.interrupts import INTERRUPTS, Interrupted

    _fill_descriptors()
    try:
        INTERRUPTS.install()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a name that can't be displayed is no error
                stream.reconfigure(errors="backslashreplace")
        return _flush(_guarded(argv))
    except Interrupted as interrupt:
        return _flush(128 + interrupt.signum)
    finally:
        INTERRUPTS.let_finish()  # no exceptions while the interpreter exits


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
    if argv in (["--version"], ["-V"]):  # fast: before Typer is imported
        print(f"xuna {__version__}")  # noqa: T201 - the answer
        return 0
    if os.environ.get("_XUNA_COMPLETE") in {"words", "line"}:  # a shell calls: print no errors
        from xuna_cli.commands.shell_completion import complete

        return complete(os.environ["_XUNA_COMPLETE"], argv)
    from xuna_cli.gc_paused import GcPaused
    from xuna_cli.interrupts import INTERRUPTS

    with GcPaused():
        from xuna_cli.commands.app import app
        from xuna_cli.commands.command_class import usage_error
    import typer

    INTERRUPTS.check()
    try:
        return int(app(argv, prog_name="xuna", standalone_mode=False) or 0)
    except typer.TyperException as error:
        raise usage_error(error, getattr(error, "ctx", None)) from None
    except typer.Abort:  # e.g. Ctrl-D at a question
        print("xuna: aborted", file=sys.stderr)  # noqa: T201 - to stderr
        return 1
    except SystemExit as leaving:  # Typer exits this way from --install-completion, and after a broken pipe
        if isinstance(leaving.__context__, BrokenPipeError):  # e.g. `xuna --help | head -1`
            return 0
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


def _flush(status: int) -> int:
    """Flush the output that is still buffered, e.g. Typer's help. Commands write their output with `emit`."""
    for stream, descriptor in ((sys.stderr, 2), (sys.stdout, 1)):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:
            # Otherwise the interpreter tries again at exit, and changes the exit code to 120.
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
            if descriptor == 1 and not isinstance(error, BrokenPipeError):
                if status == 0:
                    _print_full()
                status = status or 4
    return status


def _fill_descriptors() -> None:
    """Open descriptors that are closed at start (`2>&-`), so that no ledger or socket gets the number of stderr."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number, which is this one


def _is_full(error: Exception) -> bool:
    import errno

    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _print_full() -> None:
    """Report a full disk that no other handler has explained."""
    if sys.stderr is not None:
        print(  # noqa: T201 - to stderr
            "xuna: error: the output, or a temporary file, can't be written: the disk is full\n"
            "  free some disk space and run the same command again",
            file=sys.stderr,
        )


def _print_bug(error: Exception) -> None:
    """Report a bug and the file with its report. The exception's text is left out, because it may quote people."""
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
    # The built-in part of `signal` needs no import. Until our handlers are set, Ctrl-C ends the process without a
    # traceback.
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    entry()
