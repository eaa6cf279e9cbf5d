"""Ordinary cells behind the walls show what they show in a notebook, and kernels can be extended and joined."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cvcourse.grading.isolation import Kernel, KernelError, Outputs, Zygote, wait
from tests.requirements import require

pytestmark = pytest.mark.sandbox
LIMITS = {"cpu_seconds": 20.0, "wall_seconds": 80.0}


def run(kernel: Kernel, source: str) -> Outputs:
    outputs = kernel.run(source, **LIMITS)
    nbformat.validate(new_notebook(cells=[new_code_cell(source, outputs=outputs.outputs)]))
    return outputs


def kinds(outputs: Outputs) -> list[str]:
    return [one.output_type for one in outputs.outputs]


def test_values_prints_and_counts(kernel: Kernel) -> None:
    outputs = run(kernel, "print('a')\nx = 20\nx + 1")
    assert outputs.status == "ok" and outputs.execution_count == 1
    assert kinds(outputs) == ["stream", "execute_result"]
    assert outputs.outputs[1].data == {"text/plain": "21"} and outputs.outputs[1].execution_count == 1
    assert run(kernel, "_ + x;").outputs == []
    assert run(kernel, "In[1][:5], Out[1]").outputs[0].data["text/plain"] == "('print', 21)"


def test_errors_keep_the_kernel(kernel: Kernel) -> None:
    outputs = run(kernel, "print('before')\nraise ValueError('no such thing')")
    assert (outputs.status, outputs.ename, outputs.evalue) == ("error", "ValueError", "no such thing")
    assert kinds(outputs) == ["stream", "error"]
    assert "ValueError" in "".join(outputs.outputs[1].traceback)
    assert run(kernel, "def f(:").ename == "SyntaxError"
    assert run(kernel, "exit()").ename == "SystemExit"
    assert run(kernel, "input('name?')").ename == "StdinNotImplementedError"
    assert run(kernel, "1 + 1").status == "ok"


def test_streams_appear_in_the_order_in_which_they_were_written(kernel: Kernel) -> None:
    source = """
import os, subprocess, sys
print("one")
os.system("echo two")
print("three", flush=True)
subprocess.run(["sh", "-c", "echo four >&2"])
print("five", file=sys.stderr)
!echo six
if os.fork() == 0:
    print("seven")
    os._exit(0)
os.wait()
print("eight")
"""
    outputs = run(kernel, source)
    text = [line.strip() for one in outputs.outputs for line in one.text.splitlines()]
    assert text == ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    assert [one.name for one in outputs.outputs] == ["stdout", "stderr", "stdout"]


def test_figures_appear_with_and_without_show(kernel: Kernel) -> None:
    outputs = run(kernel, "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert [sorted(one.data) for one in outputs.outputs] == [["image/png", "text/plain"]]
    outputs = run(kernel, "plt.plot([1, 2])\nplt.show()\nprint('after')")
    assert kinds(outputs) == ["display_data", "stream"]
    outputs = run(kernel, "figure, axes = plt.subplots()\nraise ValueError")
    assert sorted(kinds(outputs)) == ["display_data", "error"]


def test_updates_merge_also_into_an_earlier_cell(kernel: Kernel) -> None:
    first = run(kernel, "handle = display('one', display_id=True)\nhandle.update('two')")
    assert [one.data["text/plain"] for one in first.outputs] == ["'two'"]
    assert run(kernel, "handle.update('three')").outputs == []
    assert first.outputs[0].data["text/plain"] == "'three'"
    outputs = run(
        kernel, "from IPython.display import clear_output\nfor i in range(3):\n    clear_output(True)\n    print(i)"
    )
    assert outputs.text == "2\n"


def test_a_notebook_is_at_home(kernel: Kernel) -> None:
    run(kernel, "open('beside.py', 'w').write('answer = 42')")
    assert run(kernel, "import beside\nprint(beside.answer)").text == "42\n"
    assert run(kernel, "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')").text == "awaited\n"
    assert run(kernel, "print(__name__, get_ipython().__class__.__name__)").text == "__main__ Shell\n"
    assert run(kernel, "%time 3").status == "ok"
    assert run(kernel, "len?").outputs[0].output_type == "display_data"


def test_torch_works_in_a_fork_of_a_process_that_imported_it(kernel: Kernel) -> None:
    source = """
import torch
x = torch.randn(8, 3, requires_grad=True)
torch.nn.Linear(3, 1)(x).sum().backward()
loader = torch.utils.data.DataLoader(torch.arange(8), batch_size=4, num_workers=2)
print(x.grad.shape, [batch.sum().item() for batch in loader], torch.get_num_threads())
"""
    assert run(kernel, source).text == "torch.Size([8, 3]) [6, 22] 1\n"


def test_every_kernel_has_random_numbers_of_its_own(zygote) -> None:
    source = "import numpy, random, torch; print(random.random(), numpy.random.rand(), torch.rand(1).item())"
    drawn = []
    for _ in range(2):
        with zygote.spawn() as kernel:
            drawn.append(run(kernel, source).text.split())
    assert all(a != b for a, b in zip(*drawn, strict=True))


def test_the_environment_is_this_kernels_alone(zygote) -> None:
    look = "import os; print(os.environ.get('CVCOURSE_SEED'), sorted(os.environ)[:1])"
    with zygote.spawn(role="tester", environment={"CVCOURSE_SEED": "12"}) as kernel:
        assert run(kernel, look).text.startswith("12 ")
    with zygote.spawn() as kernel:
        assert run(kernel, look).text.startswith("None ")


def test_two_kernels_talk_over_a_socket(zygote) -> None:
    ours, theirs = socket.socketpair()
    extension = "sandbox_extension"
    with ours, theirs:
        student = zygote.spawn("student", [ours], extension)
        tester = zygote.spawn("tester", [theirs], extension)
    with student, tester:
        assert student.call("describe", **LIMITS).value == {"role": "student", "sockets": 1}
        run(student, "area = 12")
        serving = student.start_call("answer", **LIMITS)
        asking = tester.start_call("ask", "area", **LIMITS)
        asked, served = wait(asking, serving)
        assert asked.value == 12 and served.text == "asked area\n"
        failed = tester.call("fail", "on purpose", **LIMITS)
        assert (failed.status, failed.ename, failed.evalue) == ("error", "ValueError", "on purpose")
        assert tester.call("no such handler", **LIMITS).ename == "KeyError"


def test_waiting_for_any_leaves_the_others_running(zygote) -> None:
    with zygote.spawn() as slow, zygote.spawn() as fast:
        sleeping = slow.start("import time; time.sleep(1); print('late')", **LIMITS)
        first = wait(sleeping, fast.start("print('soon')", **LIMITS), until="any")
        assert first[0] is None and first[1].text == "soon\n"
        assert wait(sleeping)[0].text == "late\n"


def test_a_kernel_runs_one_thing_at_a_time_and_none_after_its_end(zygote) -> None:
    with zygote.spawn() as kernel:
        running = kernel.start("1", **LIMITS)
        with pytest.raises(KernelError, match="busy"):
            kernel.start("2", **LIMITS)
        assert wait(running)[0].status == "ok"
    assert not kernel.alive
    with pytest.raises(KernelError, match="gone"):
        kernel.run("3", **LIMITS)
    kernel.kill()


def test_the_worker_keeps_no_descriptor_of_a_kernel(zygote) -> None:
    with zygote.spawn() as kernel:
        run(kernel, "1")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with zygote.spawn() as kernel:
            run(kernel, "1")
        killed = zygote.spawn()
        killed.run("import os; os._exit(1)", **LIMITS)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_forgotten_kernel_is_ended(zygote) -> None:
    kernel = zygote.spawn()
    pid = kernel.pid
    del kernel
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_long_source_and_a_long_answer_cross(kernel: Kernel) -> None:
    source = f"text = '{'x' * 3_000_000}'\nprint(len(text)); print(text[:900_000])"
    outputs = kernel.run(source, **LIMITS)
    assert outputs.text.startswith("3000000\nxxx") and len(outputs.text) > 900_000 and not outputs.truncated


def test_several_threads_use_one_zygote(zygote) -> None:
    """As a Dask worker with several threads does."""

    def grade(number: int) -> list[str]:
        shown = []
        for turn in range(3):
            with zygote.spawn() as kernel:
                shown.append(run(kernel, f"print({number}, {turn}, __import__('os').getpid())").text)
        return shown

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(grade, range(4)))
    assert results == [[f"{number} {turn} 1\n" for turn in range(3)] for number in range(4)]


def test_a_zygote_outlives_the_thread_that_started_it() -> None:
    require("sandbox")
    with ThreadPoolExecutor(1) as pool:
        zygote = pool.submit(Zygote, preload=[], mode="warm").result()
    with zygote, zygote.spawn() as kernel:
        assert run(kernel, "print(5)").text == "5\n"
    with pytest.raises(KernelError, match="closed"):
        zygote.spawn()
