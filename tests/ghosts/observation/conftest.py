"""Tests of this folder replay in this process."""

from frozen_heap import frozen_heap

__all__ = ["frozen_heap"]
