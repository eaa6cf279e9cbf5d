"""A pre-warmed Jupyter kernel for one's own code: it starts in a fraction of the time that `import torch` takes.

The kernel spec `cvcourse-warm` names a kernel provisioner, which nbclient, nbval and JupyterLab then use by themselves.
A fork server, shared by the kernels of one client process, imports once what notebooks import and forks each kernel.
There are no walls here: strangers' code belongs into `cvcourse.grading.isolation`.

- `provisioner`: what `jupyter_client` calls; an entry point of this package makes it known.
- `forks`: the client's side of fork servers: start, ask, watch.
- `server`: the fork server's program, and what a forked kernel does before it is an ordinary ipykernel.
"""
