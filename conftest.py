"""For the whole test run: what kernels see of this machine, and what notebooks may leave behind."""

from kernel_environment import isolate_kernels

pytest_plugins = ["leftovers"]

isolate_kernels()
