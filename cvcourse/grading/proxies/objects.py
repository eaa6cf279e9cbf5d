"""The objects of this side that the other side has a handle of."""

from typing import Any


class Objects:
    """Handle -> object, kept as often as it was sent."""

    def __init__(self) -> None:
        self._objects: dict[int, list] = {}
        self._handles: dict[int, int] = {}
        self._count = 0

    def put(self, value: Any) -> int:
        """The handle of an object."""
        handle = self._handles.get(id(value))
        if handle is None:
            self._count += 1
            handle = self._handles[id(value)] = self._count
            self._objects[handle] = [value, 0]
        self._objects[handle][1] += 1
        return handle

    def get(self, handle: Any) -> Any:
        """The object of a handle. Raises `KeyError`."""
        return self._objects[handle][0]

    def holds(self, value: Any) -> bool:
        """Whether the other side has a handle of it."""
        return id(value) in self._handles

    def drop(self, handle: Any, times: Any) -> None:
        """The other side has let go of a handle that it got so many times."""
        held = self._objects.get(handle)
        if held is None:
            return
        held[1] -= times
        if held[1] <= 0:
            del self._objects[handle]
            self._handles.pop(id(held[0]), None)
