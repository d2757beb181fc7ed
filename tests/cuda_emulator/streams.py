"""Streams and events. What a GPU may do later is done as late as the rules allow."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .device import Device


class BaseStream:
    """Work in order. A blocking stream (and the null stream) does kernels at once; copies that are asynchronous,
    and everything on a non-blocking stream, wait until somebody synchronizes, so a missing wait shows."""

    device: "Device"
    null: "BaseStream"

    def __init__(
        self, null: bool = False, non_blocking: bool = False, ptds: bool = False, priority: Any = None
    ) -> None:
        self.is_non_blocking = non_blocking
        self.ptr = 0 if null else id(self)
        self._queue: list[Callable[[], Any]] = []
        self._entered: list[BaseStream] = []
        if null or ptds:
            raise NotImplementedError("use Stream.null")
        self.device.streams.append(self)

    def later(self, work: Callable[[], Any]) -> None:
        """Asynchronous work."""
        self._order()
        self._queue.append(work)

    def now(self, work: Callable[[], Any]) -> None:
        """Work of the device that is done at once where that is always allowed."""
        if self.is_non_blocking:
            self._queue.append(work)
            return
        self._order()
        self.flush()
        work()

    def _order(self) -> None:
        """The null stream waits for all blocking streams, and they for it."""
        if self.is_non_blocking:
            return
        others = self.device.streams if self is self.device.null else [self.device.null]
        for stream in others:
            if stream is not self and not stream.is_non_blocking:
                stream.flush()

    def flush(self, until: Callable[[], Any] | None = None) -> None:
        while self._queue:
            work = self._queue.pop(0)
            work()
            if work is until:
                return

    def synchronize(self) -> None:
        self._order()
        self.flush()

    @property
    def done(self) -> bool:
        return not self._queue

    def use(self) -> "BaseStream":
        self.device.set_current_stream(self)
        return self

    def __enter__(self) -> "BaseStream":
        self._entered.append(self.device.current_stream())
        self.device.set_current_stream(self)
        return self

    def __exit__(self, *_: Any) -> None:
        self.device.set_current_stream(self._entered.pop())

    def record(self, event: Any = None) -> Any:
        event = event or self.device.cp.cuda.Event()
        event.record(self)
        return event

    def wait_event(self, event: Any) -> None:
        self.later(event.waiter())


class BaseEvent:
    """A mark in a stream."""

    device: "Device"

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self._stream: BaseStream | None = None
        self._mark: Callable[[], Any] | None = None
        self._reached = True

    def record(self, stream: Any = None) -> None:
        self._stream = stream or self.device.current_stream()
        self._reached = False

        def mark() -> None:
            if self._mark is mark:
                self._reached = True

        self._mark = mark
        self._stream.later(mark)

    def waiter(self) -> Callable[[], Any]:
        """What waits for the mark as it stands now, also if the event is recorded again."""
        stream, mark = self._stream, self._mark
        return lambda: stream.flush(until=mark) if stream is not None and mark in stream._queue else None

    def synchronize(self) -> None:
        self.waiter()()

    @property
    def done(self) -> bool:
        return self._reached
