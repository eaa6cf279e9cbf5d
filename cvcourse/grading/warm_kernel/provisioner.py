"""The kernel provisioner behind the kernel spec `cvcourse-warm`: jupyter_client's own, but kernels are forked."""

import asyncio
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from cvcourse.grading.warm_kernel import forks

LAUNCHER = "ipykernel_launcher"


class WarmKernelProvisioner(LocalProvisioner):
    """Kernels from a fork server; where there can be none (not on Linux, another kernel program) it starts them cold.

    Signals, polling and ends are those of `LocalProvisioner`, on a `forks.ForkedKernel` in place of a `Popen`.
    """

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel that `cmd` describes, with the `env`, `cwd`, `stdout` and `stderr` of `Popen`."""
        if not forks.POSSIBLE or LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        options = {name: kwargs.get(name) for name in ("env", "cwd", "stdout", "stderr")}
        arguments = cmd[cmd.index(LAUNCHER) + 1 :]
        try:
            self.process = await asyncio.to_thread(forks.fork, cmd[0], arguments, **options)
        except OSError as error:
            self.log.warning("cvcourse-warm: the fork server does not work (%s); this kernel starts cold", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        return self.connection_info
