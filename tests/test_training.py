"""`fit` and `evaluate` on small separable data."""

import math
import os

import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from torch import nn
from torch.utils.data import Dataset, Subset, TensorDataset

from cvcourse import evaluate, fit, training
from cvcourse.data import digits
from cvcourse.errors import TrainingError
from cvcourse.models import MLP, count_parameters, layer_table


def blobs(count: int = 200, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of 4 x 4 whose left or right half is brighter: two classes that a line separates."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    images = torch.rand(count, 1, 4, 4, generator=generator)
    images[labels == 0, :, :, :2] += 1
    images[labels == 1, :, :, 2:] += 1
    return images, labels


class Lazy(Dataset):
    """The same data, one image at a time, as a data set that does not lie in memory."""

    def __init__(self, images, labels):
        self.pairs = list(zip(images, labels.tolist(), strict=True))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


class Held(Dataset):
    """A data set with the attributes that the course's own have."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index], int(self.labels[index])


def model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return MLP(16, 8, 2)


def test_fit_learns_and_keeps_its_history(capsys):
    net = model()
    history = fit(net, blobs(), blobs(seed=1), epochs=5, batch_size=32, lr=0.02, name="toy")
    assert history.valid_accuracy[-1] == evaluate(net, blobs(seed=1)) > 0.97
    assert len(history.losses) == len(history.learning_rates) == 5 * math.ceil(200 / 32)
    assert len(history.train_accuracy) == len(history.valid_accuracy) == 5
    assert history.losses[-1] < 0.5 * history.losses[0] and history.seconds > 0
    printed = capsys.readouterr()
    assert printed.out == f"toy: {history}\n"
    assert not printed.err


def test_the_first_loss_is_that_of_the_untrained_model():
    net = model()
    images, labels = blobs(20)
    expected = nn.functional.cross_entropy(net(images), labels).item()
    assert fit(net, (images, labels), epochs=1, batch_size=20, report="none").losses == [pytest.approx(expected)]


def test_the_seed_alone_fixes_the_run():
    def losses(seed):
        torch.manual_seed(torch.randint(1000, ()).item())  # the global generator plays no part
        return fit(net := model(), blobs(), epochs=2, batch_size=16, seed=seed, report="none").losses, net

    torch.manual_seed(5)
    (first, _), (second, _), (third, _) = losses(0), losses(0), losses(1)
    assert first == second != third


@pytest.mark.parametrize("kind", [Lazy, Held, TensorDataset])
def test_every_kind_of_data_set_gives_the_same_result(kind):
    images, labels = blobs(64)
    expected = fit(model(), (images, labels), epochs=1, batch_size=64, report="none")
    got = fit(model(), kind(images, labels), kind(images, labels), epochs=1, batch_size=64, report="none")
    assert got.losses == pytest.approx(expected.losses)
    assert evaluate(model(), kind(images, labels)) == evaluate(model(), (images, labels))


def test_a_subset_of_data_in_memory_stays_in_memory():
    images, labels = blobs(20)
    chosen = training.in_memory(Subset(Held(images, labels), [3, 1, 7]))
    torch.testing.assert_close(chosen[0], images[[3, 1, 7]])
    torch.testing.assert_close(chosen[1], labels[[3, 1, 7]])
    assert training.in_memory(Subset(Lazy(images, labels), [3, 1])) is None


def test_a_transform_is_never_skipped():
    held = Held(*blobs(20))
    held.transform = lambda image: -image
    assert training.in_memory(held) is None and training.in_memory(Subset(held, [1])) is None


def test_the_course_s_digits_are_taken_from_memory():
    test = digits(train=False, source="embedded", limit=50)
    assert training.in_memory(test)[0].shape == (50, 1, 28, 28)
    history = fit(MLP(784, 16, 10), test, epochs=15, batch_size=10, lr=0.01, report="none")
    assert history.train_accuracy[-1] > 0.9


def test_each_epoch_sees_every_image_once_in_a_new_order():
    images = torch.arange(10.0).reshape(10, 1, 1, 1)
    batches = training.Batches((images, torch.arange(10)), 4, shuffle_seed=0)
    epochs = [torch.cat([labels for _, labels in batches]).tolist() for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(10))
    assert epochs[0] != epochs[1]
    assert len(batches) == len(list(batches)) == 3


def test_onecycle_rises_to_lr_and_falls():
    rates = fit(model(), blobs(), epochs=4, batch_size=20, lr=0.01, schedule="onecycle", report="none").learning_rates
    assert max(rates) == pytest.approx(0.01, rel=1e-6)
    assert rates[0] < 0.1 * max(rates) and rates[-1] < rates[0]
    assert 5 < rates.index(max(rates)) < 20


def test_constant_schedule_and_own_optimizer():
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    history = fit(net, blobs(), epochs=1, lr=7.0, optimizer=optimizer, report="none")
    assert set(history.learning_rates) == {0.5}


def test_a_loss_that_is_no_number_stops_with_advice():
    images, labels = blobs(40)
    images[17, 0, 1, 1] = torch.nan
    with pytest.raises(
        TrainingError, match=r"nan at epoch 1 of 3, step \d+, learning rate 0\.001: .*ten times smaller"
    ):
        fit(model(), (images, labels), epochs=3, batch_size=10, report="none")


def test_an_infinite_loss_stops_too():
    with pytest.raises(TrainingError, match="inf at epoch 1"):
        fit(model(), blobs(), epochs=1, loss_function=lambda z, y: z.sum() * torch.inf, report="none")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"lr": -1.0}, "lr"),
        ({"lr": math.nan}, "lr"),
        ({"schedule": "cosine"}, "schedule"),
        ({"report": "loud"}, "report"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        fit(model(), blobs(), **{"epochs": 1, **wrong})


def test_an_empty_data_set_is_refused():
    with pytest.raises(ValueError, match="empty"):
        evaluate(model(), (torch.empty(0, 1, 4, 4), torch.empty(0)))


def test_evaluate_leaves_the_mode_and_uses_the_other_one():
    net = nn.Sequential(nn.Dropout(1.0), model())
    labels = (net[1](blobs()[0]).argmax(1), net[1](torch.zeros(1, 1, 4, 4)).argmax(1))
    net.train()
    assert evaluate(net, (blobs()[0], labels[0])) == 1.0  # with dropout on, the network would see zeros only
    assert net.training
    assert evaluate(net.eval(), blobs()) == evaluate(net[1], blobs())
    assert not net.training


def test_layer_table_counts_what_torch_counts():
    net = nn.Sequential(nn.Conv2d(3, 8, (3, 5), stride=2, groups=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 3 * 2, 4))
    table = layer_table(net, (3, 7, 7))
    assert [row.shape for row in table] == [(8, 3, 2), (8, 3, 2), (48,), (4,)]
    assert sum(row.parameters for row in table) == count_parameters(net) == 3 * 8 * 15 + 8 + 48 * 4 + 4
    assert [row.multiply_adds for row in table] == [8 * 3 * 2 * 3 * 15, 0, 0, 48 * 4]
    assert str(table).splitlines()[-1].split() == ["total", "564", "2,352"]
    assert net.training and not any(module._forward_hooks for module in net.modules())


def test_mlp_of_the_lecture():
    assert count_parameters(MLP(784, 128, 10)) == 101_770
    assert MLP(784, 128, 10)(torch.rand(5, 1, 28, 28)).shape == (5, 10)
    with pytest.raises(ValueError, match="sizes"):
        MLP(784)


RUN = """
import torch, cvcourse
from cvcourse import progress
from cvcourse.models import MLP

progress.SECONDS_BETWEEN_PICTURES = 0.0
images, labels = torch.rand(64, 1, 4, 4), torch.arange(64) % 2
history = cvcourse.fit(MLP(16, 2), (images, labels), epochs=2, batch_size=16, name="toy", {options})
"""


def outputs_of(sources: list[str], budget: str) -> list[list]:
    """The outputs that cells leave behind when they run in one kernel; an error is an output like others."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    environment = {**os.environ, "CVCOURSE_BUDGET": budget}
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute(env=environment)
    return [cell.outputs for cell in notebook.cells]


def test_in_a_notebook_a_line_and_a_curve_stay_and_no_widget():
    stopping = RUN.format(options="loss_function=lambda z, y: z.sum() * torch.nan")
    (line, curve), (started, error) = outputs_of([RUN.format(options=""), stopping], "cpu")
    assert list(line.data) == ["text/plain"]
    assert line.data["text/plain"].startswith("toy: 2 epochs, 8 steps, ") and "accuracy" in line.data["text/plain"]
    assert set(curve.data) == {"image/png", "text/plain"}
    assert "8 steps" in curve.metadata["image/png"]["alt"]
    assert list(started.data) == ["text/plain"] and "nan at epoch 1 of 2, step 1" in error.evalue


def test_in_a_notebook_the_smoke_budget_prints_one_line():
    ((line,),) = outputs_of([RUN.format(options="")], "smoke")
    assert line.output_type == "stream" and line.name == "stdout" and line.text.startswith("toy: 2 epochs, 8 steps")
