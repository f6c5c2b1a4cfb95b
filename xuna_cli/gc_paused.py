"""The garbage collector pauses while modules are imported: what they hold stays, and need not be walked."""

import gc
from types import TracebackType


class GcPaused:
    """A `with` for imports; what is there at its end is never walked again."""

    def __enter__(self) -> None:
        gc.disable()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        gc.freeze()
        gc.enable()
