"""Pause the garbage collector during imports. Imported objects stay, so it need not visit them."""

import gc
from types import TracebackType


class GcPaused:
    """Context manager for imports; objects that exist at its end are never visited again."""

    def __enter__(self) -> None:
        gc.disable()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        gc.freeze()
        gc.enable()
