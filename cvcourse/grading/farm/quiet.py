"""Dask's scheduler and worker without the web server that each of them opens, on a port without a password."""

from distributed import Scheduler, Worker

CONFIG = {
    # Nobody looks at profiles and monitors of a farm; they cost more than the work that Dask does for it.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.allowed-failures": 1,  # after two dead workers a submission is tried again alone
    "distributed.client.scheduler-info-interval": "30s",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""Dask's settings for a farm on this machine."""


class QuietScheduler(Scheduler):
    """A scheduler with one port."""

    def start_http_server(self, *_args, **_options) -> None:
        """Nothing is served."""


class QuietWorker(Worker):
    """A worker with one port."""

    def start_http_server(self, *_args, **_options) -> None:
        """Nothing is served."""
