"""`cvcourse data`: list, get, show, check, on a machine with some tiny sets."""

import json
import os

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import tv_tensors
from typer.testing import CliRunner

from cvcourse.cli import app, main
from cvcourse.data import catalogue, locate
from cvcourse.data.contact_sheet import contact_sheet, draw_target
from cvcourse.data.registry import REGISTRY
from cvcourse.errors import DataError
from tests import tiny_sets

SETS = ("bccd", "w2s", "fmd", "omniglot_small", "otb_crossing", "orl", "camvid")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with some sets, unpacked or as a pack; made once."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("w2s", "omniglot_small", "otb_crossing", "orl", "camvid"):
        tiny_sets.MAKERS[name][0](folder)
    tiny_sets.bccd(folder / "made")
    tiny_sets.zip_folder(folder / "made", folder / "bccd.zip")
    return folder


@pytest.fixture
def machine(made, tmp_path, monkeypatch):
    monkeypatch.setenv("CVCOURSE_DATA", str(made))
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CVCOURSE_OFFLINE", "1")
    monkeypatch.setenv("COLUMNS", "200")
    for name in SETS:
        monkeypatch.setitem(REGISTRY, name, tiny_sets.tiny_entry(name))
    locate.forget_decisions()
    yield tmp_path
    locate.forget_decisions()


def run(*arguments, code=0):
    result = CliRunner().invoke(app, ["data", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def test_the_list_says_where_each_set_is_and_changes_nothing(machine):
    rows = {row["name"]: row for row in json.loads(run("list", "--json"))}
    assert list(rows) == list(REGISTRY)
    assert rows["bccd"]["found"] == "CVCOURSE_DATA/bccd.zip" and rows["w2s"]["found"] == "CVCOURSE_DATA"
    assert rows["mnist"]["found"] == "not on disk: get it" and rows["dsb2018"]["found"] == "not on disk: bring it"
    assert rows["sklearn_digits"]["found"] == "embedded"
    assert rows["bccd"]["items"] == 4 and rows["pets"]["size"] == 811_092_049
    assert os.listdir(machine) == []
    table = run("list")
    assert all(name in table for name in REGISTRY) and "CVCOURSE_DATA/bccd.zip" in table


def test_get_says_where_the_set_lies_its_licence_and_what_to_cite(machine):
    out = run("get", "bccd")
    assert str(machine / "cache" / "bccd") in out and "licence: MIT" in out and "cite: Shenggan" in out
    assert "nothing to get" in run("get", "sklearn_digits")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("get", "nonsense"), "no data set is called 'nonsense'; there are: mnist, "),
        (("get", "dsb2018"), "Put stage1_train"),
        (("show", "bccd", "--split", "all"), "bccd has no split 'all'; there are: train, val, test"),
        (("check", "nonsense"), "no data set is called"),
    ],
)
def test_what_cannot_be_had_is_one_line_and_exit_code_2(machine, monkeypatch, capsys, arguments, reason):
    monkeypatch.setattr("sys.argv", ["cvcourse", "data", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    err = capsys.readouterr().err
    assert caught.value.code == 2 and reason in err and err.count("\n") == 1 and err.startswith("cvcourse: ")


@pytest.mark.parametrize("name", [*(name for name in SETS if name != "fmd"), "sklearn_digits", "skimage_photographs"])
def test_show_writes_a_picture_with_colour_where_there_is_a_target(machine, name):
    out = run("show", name, "--out", str(machine), "--count", "3")
    path = machine / f"{name}.png"
    assert str(path) in out
    with Image.open(path) as sheet:
        assert sheet.format == "PNG" and sheet.width > 200 and sheet.height > 100
        pixels = torch.from_numpy(np.array(sheet)).flatten(0, 1)
    coloured = (pixels.float().std(1) > 40).float().mean()
    if name in ("w2s", "orl", "omniglot_small", "sklearn_digits"):
        assert coloured == 0
    else:
        assert coloured > 0.005


def test_a_sheet_that_cannot_be_written_is_named(machine):
    (machine / "file").write_text("")
    with pytest.raises(DataError, match=r"file/x\.png cannot be written"):
        catalogue.show("orl", machine / "file" / "x.png")


def test_check_reads_every_item_of_what_is_on_disk(machine):
    reports = {one["name"]: one for one in json.loads(run("check", "--json"))}
    assert set(reports) == {*SETS, "sklearn_digits", "skimage_photographs"}
    assert all(one["problem"] is None for one in reports.values())
    assert reports["bccd"]["items"] == 4 and reports["orl"]["items"] == 400


def test_check_finds_what_was_changed_in_the_cache_without_a_change_of_size(machine):
    run("get", "bccd")
    broken = machine / "cache" / "bccd" / "BCCD" / "Annotations" / "BloodImage_00002.xml"
    broken.write_text(broken.read_text().replace("<xmin>1<", "<xmin>3<"))
    (report,) = json.loads(run("check", "bccd", "--json", code=1))
    assert "BloodImage_00002.xml is missing or damaged" in report["problem"]


def test_check_names_the_file_of_a_damaged_set_and_goes_on(machine, made, tmp_path, monkeypatch):
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path / "other"))
    tiny_sets.camvid(tmp_path / "other")
    tiny_sets.fluorescence(tmp_path / "other")
    os.truncate(tmp_path / "other" / "CamVid" / "val" / "val_1.png", 30)
    out = run("check", "camvid", "w2s", "lfw", code=1)
    assert "val_1.png" in out and "is damaged" in out and "ok" in out and "not on disk" in out


# What is drawn


def test_a_target_is_drawn_where_it_is():
    image = tv_tensors.Image(torch.zeros(3, 40, 40, dtype=torch.uint8))
    boxes = tv_tensors.BoundingBoxes([[5, 5, 20, 20]], format="XYXY", canvas_size=(40, 40))
    drawn = draw_target(image, {"boxes": boxes, "labels": torch.tensor([1])})
    assert drawn[:, 5, 5:20].float().mean() > 50 and drawn[:, 30:, 30:].sum() == 0 and drawn[:, 12, 12].sum() == 0
    mask = torch.zeros(1, 40, 40, dtype=torch.bool)
    mask[0, 10:12, 10:12] = True
    drawn = draw_target(image, {"masks": tv_tensors.Mask(mask)})
    assert (drawn.sum(0) > 0).sum() == 4
    semantic = torch.zeros(40, 40, dtype=torch.uint8)
    semantic[0], semantic[1] = 3, 255
    drawn = draw_target(image, {"semantic": tv_tensors.Mask(semantic)})
    assert drawn[:, 0].sum() > 0 and drawn[:, 1:].sum() == 0
    assert image.sum() == 0


@pytest.mark.parametrize("options", [{"count": 0}, {"columns": 0}, {"tile": 0}])
def test_a_sheet_of_nothing_is_a_value_error(options):
    with pytest.raises(ValueError, match="contact sheet"):
        contact_sheet([torch.zeros(3, 8, 8)], **options)
    with pytest.raises(ValueError, match="contact sheet"):
        contact_sheet([])


def test_a_sheet_holds_as_many_tiles_as_there_are_items():
    sheet = contact_sheet([torch.ones(1, 8, 8)] * 5, columns=3, tile=100)
    assert sheet.size == (3 * 96 + 2 * 8 + 2 * 12, 2 * (96 + 18) + 8 + 2 * 12)
