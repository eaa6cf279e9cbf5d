"""The real sets: what an item is, which split it is in, and what is said of a folder that is broken.

Each loader reads a tiny folder in its set's layout; with CVCOURSE_DATA also the real packs.
"""

import doctest
import hashlib
import os
import shutil
from importlib import import_module

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets, tv_tensors
from torchvision.transforms import v2

import cvcourse.data as data
from cvcourse.data import catalogue, locate
from cvcourse.data.real import in_split
from cvcourse.data.registry import REGISTRY
from cvcourse.errors import DataError
from tests import tiny_sets


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty CVCOURSE_DATA, an empty cache folder, no network."""
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CVCOURSE_OFFLINE", "1")
    (tmp_path / "data").mkdir()
    locate.forget_decisions()
    yield tmp_path / "data"
    locate.forget_decisions()


@pytest.fixture
def tiny(folder, monkeypatch):
    """Make the tiny folder of a set: `tiny("bccd")` gives CVCOURSE_DATA."""

    def make(name):
        monkeypatch.setitem(REGISTRY, name, tiny_sets.tiny_entry(name))
        tiny_sets.MAKERS[name][0](folder)
        if name == "cifar10":
            accept_cifar10(folder, monkeypatch)
        return folder

    return make


def accept_cifar10(folder, monkeypatch):
    """Let torchvision take the tiny batches for the published ones."""
    base = folder / "cifar-10-batches-py"
    digest = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in base.iterdir()}
    theirs = datasets.CIFAR10
    for which in ("train_list", "test_list"):
        monkeypatch.setattr(theirs, which, [[name, digest[name]] for name, _ in getattr(theirs, which)])
    monkeypatch.setattr(theirs, "meta", theirs.meta | {"md5": digest["batches.meta"]})


def first_item(name):
    return catalogue.load(name)[0]


# What an item is


@pytest.mark.parametrize("name", tiny_sets.MAKERS)
def test_every_set_gives_items_in_the_common_formats(tiny, name, capsys):
    tiny(name)
    for split, count in tiny_sets.MAKERS[name][1].items():
        found = catalogue.load(name, split)
        assert len(found) == (1 if name == "otb_crossing" else count) == len(found.names)
        for item in (found[0], found[-1]):
            check_item(item)
        with pytest.raises(IndexError):
            found[len(found)]
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert REGISTRY[name].licence in line and REGISTRY[name].citation in line


def check_item(item):
    if isinstance(item, torch.Tensor):
        item = (item, {})
    image, target = item
    frames = [(image, target)] if not isinstance(target, list) else list(zip(image, target, strict=True))
    assert isinstance(image, tv_tensors.Video if isinstance(target, list) else tv_tensors.Image)
    for picture, marks in frames:
        assert picture.dtype == torch.uint8 and picture.ndim == 3 and picture.is_contiguous()
        if isinstance(marks, dict):
            check_target(picture.shape[-2:], marks)
        else:
            assert type(marks) is int and marks >= 0


def check_target(size, target):
    if "boxes" in target:
        boxes = target["boxes"]
        assert isinstance(boxes, tv_tensors.BoundingBoxes) and boxes.dtype == torch.float32
        assert boxes.format == tv_tensors.BoundingBoxFormat.XYXY and tuple(boxes.canvas_size) == tuple(size)
        assert (boxes[:, 2:] > boxes[:, :2]).all() and (boxes >= 0).all()
        assert (boxes[:, 2] <= size[1]).all() and (boxes[:, 3] <= size[0]).all()
        assert target["labels"].dtype == torch.int64 and len(target["labels"]) == len(boxes)
        assert (target["labels"] >= 1).all()
    if "masks" in target:
        assert isinstance(target["masks"], tv_tensors.Mask) and target["masks"].dtype == torch.bool
        assert target["masks"].shape == (len(target["boxes"]), *size)
    if "semantic" in target:
        assert isinstance(target["semantic"], tv_tensors.Mask) and target["semantic"].dtype == torch.uint8
        assert target["semantic"].shape == size
    if "clean" in target:
        assert isinstance(target["clean"], tv_tensors.Image) and target["clean"].shape[-2:] == size
    if "person" in target:
        assert target["person"].dtype == torch.int64 and target["person"].ndim == 0


def test_bccd_boxes_are_the_annotators_and_those_without_area_are_left_out(tiny):
    tiny("bccd")
    found = data.BCCD("train")
    _, target = found[0]
    assert target["boxes"].tolist() == [[1, 2, 20, 22], [5, 5, 40, 30]]
    assert [found.classes[label] for label in target["labels"]] == ["RBC", "WBC"]
    assert found.dropped == 2


@pytest.mark.parametrize("name", ["PennFudan", "DSB2018"])
def test_the_targets_of_instances_agree(tiny, name):
    tiny("penn_fudan" if name == "PennFudan" else "dsb2018")
    _, target = getattr(data, name)(targets=("boxes", "labels", "masks", "ids", "semantic"))[0]
    assert target["boxes"].tolist() == [[2, 2, 6, 6], [8, 2, 12, 6]]
    assert target["labels"].tolist() == [1, 1]
    assert target["ids"].unique().tolist() == [0, 1, 2]  # the gap up to 300 is closed
    assert torch.equal(target["masks"].any(0), target["semantic"] == 1)
    assert torch.equal(target["masks"][1], target["ids"] == 2)


def test_the_competitions_layout_of_dsb2018_gives_the_same_targets(folder):
    tiny_sets.dsb2018_kaggle(folder)
    sets = [data.DSB2018(split, targets=["ids", "boxes"]) for split in ("train", "val")]
    assert [len(each) for each in sets] == [4, 1]
    image, target = sets[0][0]
    assert image.shape == (1, 16, 20) and target["boxes"].tolist() == [[2, 2, 6, 6], [8, 2, 12, 6]]
    assert {*sets[0].names, *sets[1].names} == {"aa", "bb", "cc", "dd", "ee"}


def test_isbi2012_marks_cells_and_reads_the_published_stacks_too(tiny):
    folder = tiny("isbi2012")
    semantic = data.ISBI2012("test")[1][1]["semantic"]
    assert (semantic[25 % 12] == 0).all() and semantic.sum() == 11 * 16
    shutil.rmtree(folder / "membrane")
    tiny_sets.isbi2012_tiff(folder)
    train, test = data.ISBI2012("train"), data.ISBI2012("test")
    assert len(train) == 24 and len(test) == 6
    assert torch.equal(test[1][1]["semantic"], semantic)
    assert train[0][0].shape == (1, 12, 16) and not torch.equal(train[0][0], test[0][0])


def test_camvids_unlabelled_pixels_are_to_be_ignored(tiny):
    tiny("camvid")
    found = data.CamVid("val")
    assert found.names == ["val_0", "val_1"]
    assert found[1][1]["semantic"].unique().tolist() == [1, 255]
    assert found.classes[1] == "building"


def test_pets_have_an_outline_a_breed_and_a_species(tiny):
    tiny("pets")
    found = data.OxfordPets("trainval", targets=("semantic", "breed", "species"))
    _, target = found[1]
    assert target["semantic"].unique().tolist() == [0, 1, 255] and (target["semantic"] == 1).sum() == 30
    assert found.breeds[target["breed"]] == "basset hound" and target["species"] == 1


def test_torchvision_reads_the_same_pets(tiny):
    folder = tiny("pets")
    ours = data.OxfordPets("trainval")
    theirs = datasets.OxfordIIITPet(folder, "trainval", target_types=["category", "segmentation"])
    for (image, target), (their_image, (breed, trimap)) in zip(ours, theirs, strict=True):
        assert torch.equal(image, v2.functional.pil_to_tensor(their_image))
        assert int(target["breed"]) == breed
        assert torch.equal(target["semantic"] == 1, torch.from_numpy(np.array(trimap) == 1))


def test_a_picture_can_be_left_out_of_set12(tiny):
    tiny("set12")
    assert data.GreyImages("set12", without=("02",)).names == ["01", "03"]
    with pytest.raises(ValueError, match="without"):
        data.GreyImages("set12", without=("99",))


def test_w2s_splits_by_field_of_view(tiny):
    tiny("w2s")
    fields = [{name[:6] for name in data.W2S(split).names} for split in ("train", "test")]
    assert [len(each) for each in fields] == [3, 1] and not fields[0] & fields[1]


def test_the_scale_between_truth_and_noisy_is_found(tiny):
    tiny("w2s")
    noisy, target = data.W2S("test")[0]
    scale = data.fit_scale(target["clean"], noisy)
    assert scale == pytest.approx((2, 10))
    assert torch.allclose(scale.apply(target["clean"]), noisy.float(), atol=1e-3)
    assert torch.allclose(scale.undo(noisy), target["clean"].float(), atol=1e-3)


def test_the_gain_is_right_under_noise():
    generator = torch.Generator().manual_seed(3)
    truth = torch.rand(1, 256, 256, generator=generator) * 100
    noisy = 0.5 * truth + 20 + 30 * torch.randn(truth.shape, generator=generator)
    assert data.fit_scale(truth, noisy) == pytest.approx((0.5, 20), abs=0.6)
    assert data.fit_scale(truth, noisy).gain == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("truth", "noisy", "reason"), [((2, 3), (3, 2), "pair"), ((2, 2), (2, 2), "constant")], ids=["shapes", "constant"]
)
def test_a_scale_that_cannot_be_fitted_is_a_value_error(truth, noisy, reason):
    with pytest.raises(ValueError, match=reason):
        data.fit_scale(torch.ones(truth), torch.ones(noisy))


@pytest.mark.parametrize("name", ["ORL", "Olivetti"])
def test_faces_are_split_by_person_and_both_sets_alike(tiny, name):
    tiny(name.lower())
    train, test = (getattr(data, name)(split) for split in ("train", "test"))
    assert len(train.persons) == 30 and len(test.persons) == 10 and not set(train.persons) & set(test.persons)
    assert (train.labels.bincount() == 10).all() and len(test) == 100
    image, target = test[25]
    person = int(test.persons[target["person"]][1:])
    if name == "ORL":
        assert image.shape == (1, 112, 92) and (image == person + 6).all()
    else:
        assert image.shape == (1, 64, 64) and image[0, 0, 0] == person - 1 and image[0, 1, 0] == 200


def test_the_people_of_lfws_test_pairs_are_in_no_training_set(tiny):
    tiny("lfw")
    train, test, everybody = (data.LFW(split) for split in ("train", "test", "all"))
    assert train.persons == ("Bo_Ek", "Di_Wu") and test.persons == ("Ann_Lee", "Cy_Oh") and len(everybody.persons) == 4
    pairs, same = test.pairs()
    assert [[test.names[place] for place in row] for row in pairs.tolist()] == [
        ["Ann_Lee_0001", "Ann_Lee_0003"],
        ["Ann_Lee_0002", "Cy_Oh_0001"],
    ]
    assert same.tolist() == [True, False]
    assert train.pairs()[0].shape == (0, 2) and len(everybody.pairs("pairs")[0]) == 2
    assert data.LFW("all", min_pictures=3).persons == ("Ann_Lee",)
    with pytest.raises(ValueError, match="min_pictures"):
        data.LFW("all", min_pictures=9)


def test_omniglot_has_characters_drawers_and_a_smaller_size(tiny):
    tiny("omniglot_small")
    found = data.Omniglot("small1")
    image, label = found[4]
    assert image.shape == (1, 105, 105) and image.unique().tolist() == [0, 255]
    assert found.classes[label] == "Greek/character02" and found.drawers[4] == 2
    assert found.labels.bincount().tolist() == [3] * 4
    small = data.Omniglot("small1", side=28)
    assert small.images.shape == (12, 1, 28, 28)
    assert small.images.float().mean() == pytest.approx(found.images.float().mean(), abs=1)
    for side in (0, 106, 2.5):
        with pytest.raises(ValueError, match="side"):
            data.Omniglot("small1", side=side)


def test_torchvision_reads_the_same_omniglot(tiny, monkeypatch):
    folder = tiny("omniglot")
    base = folder / "omniglot-py"
    digests = {}
    for stem in ("images_background", "images_evaluation"):
        shutil.unpack_archive(base / f"{stem}.zip", base)
        digests[stem] = hashlib.md5((base / f"{stem}.zip").read_bytes()).hexdigest()
    monkeypatch.setattr(datasets.Omniglot, "zips_md5", digests)
    ours, theirs = data.Omniglot("background"), datasets.Omniglot(folder, background=True)
    assert len(ours) == len(theirs)
    drawings = [[image[0].numpy().tobytes() for image, _ in ours], [np.array(image).tobytes() for image, _ in theirs]]
    assert sorted(drawings[0]) == sorted(drawings[1])


def test_the_one_shot_runs_know_their_answers(tiny):
    tiny("omniglot_small")
    runs = data.one_shot_runs(side=35)
    assert len(runs) == 20
    for run in (runs[0], runs[-1]):
        assert run.support.shape == run.query.shape == (20, 1, 35, 35)
        assert torch.equal(run.support[run.answers], run.query)
        assert run.answers.tolist() == list(range(19, -1, -1))


def test_cifar10_is_torchvisions(tiny):
    folder = tiny("cifar10")
    ours, theirs = data.CIFAR10("test"), datasets.CIFAR10(folder, train=False)
    assert ours.classes[3] == "class 3" and ours.images.shape == (10, 3, 32, 32)
    for (image, label), (their_image, their_label) in zip(ours, theirs, strict=True):
        assert label == their_label and torch.equal(image, v2.functional.pil_to_tensor(their_image))


def test_an_imagenet_label_is_the_number_that_networks_give(tiny):
    tiny("imagenet_sample")
    found = data.ImageNetSample()
    assert [label for _, label in found] == [0, 8] and found.classes[8] == "hen, one"


def test_a_sequence_is_one_clip_or_several(tiny):
    tiny("otb_crossing")
    assert len(data.OTBCrossing()) == 1
    clips = data.OTBCrossing(frames=50)
    assert len(clips) == 2 and clips.names == ["frames 1 to 50", "frames 51 to 100"]
    video, targets = clips[1]
    assert video.shape == (50, 3, 240, 360) and abs(int(video[0, 0, 0, 0]) - 51) <= 2
    assert targets[0]["boxes"].tolist() == [[50, 0, 67, 50]] and targets[0]["tracks"].tolist() == [1]
    with pytest.raises(ValueError, match="frames"):
        data.OTBCrossing(frames=121)


def test_transforms_move_picture_and_target_together(tiny):
    tiny("penn_fudan")
    plain = data.PennFudan("train")[0]
    image, target = data.PennFudan("train", transforms=v2.RandomHorizontalFlip(1.0))[0]
    assert torch.equal(image, plain[0].flip(-1)) and torch.equal(target["masks"], plain[1]["masks"].flip(-1))
    assert target["boxes"][0].tolist() == [14, 2, 18, 6]


def test_a_loader_with_workers_batches_labelled_pictures(tiny):
    tiny("cifar10_png")
    images, labels = next(iter(DataLoader(data.CIFAR10PNG("train"), batch_size=4)))
    assert images.shape == (4, 3, 32, 32) and labels.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("name", tiny_sets.MAKERS)
def test_a_split_or_entry_that_is_not_there_is_a_value_error(tiny, name):
    tiny(name)
    loader = getattr(data, REGISTRY[name].loader)
    if name == "otb_crossing":
        return
    with pytest.raises(ValueError, match="it must be one of"):
        loader("nonsense")


def test_targets_that_are_not_there_are_a_value_error(tiny):
    tiny("dsb2018")
    with pytest.raises(ValueError, match="unknown target 'polygons'"):
        data.DSB2018(targets=["boxes", "polygons"])


# Splits


def test_a_split_keeps_groups_together_and_never_changes():
    groups = [f"person {number // 3}" for number in range(60)]
    parts = [in_split(groups, name, {"a": 0.5, "b": 0.3, "c": 0.2}) for name in "abc"]
    assert sorted(place for part in parts for place in part) == list(range(60))
    people = [{groups[place] for place in part} for part in parts]
    assert [len(each) for each in people] == [10, 6, 4] and not people[0] & people[1] | people[1] & people[2]
    assert sorted(people[2]) == ["person 12", "person 16", "person 18", "person 9"]
    state = torch.get_rng_state()
    in_split(groups, "a", {"a": 1.0})
    assert torch.equal(torch.get_rng_state(), state)


# Broken folders

XML = "BCCD/Annotations/BloodImage_00001.xml"


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def other_size(path):
    with Image.open(path) as file:
        wider = file.resize((file.width + 3, file.height))
    wider.save(path)


def blank(path):
    with Image.open(path) as file:
        empty = Image.new(file.mode, file.size)
    empty.save(path)


def text(content):
    return lambda path: path.write_text(content)


def remove(path):
    path.unlink() if path.is_file() else shutil.rmtree(path)


# set, the file that is broken, how, and what is said of it beside its name
BROKEN = {
    "bccd: picture missing": ("bccd", "BCCD/JPEGImages/BloodImage_00001.jpg", remove, "is missing"),
    "bccd: picture cut off": ("bccd", "BCCD/JPEGImages/BloodImage_00001.jpg", truncate, "is damaged"),
    "bccd: picture empty": ("bccd", "BCCD/JPEGImages/BloodImage_00001.jpg", text(""), "is empty"),
    "bccd: picture of another size": (
        "bccd",
        "BCCD/JPEGImages/BloodImage_00001.jpg",
        other_size,
        "51 x 32 pixels, not",
    ),
    "bccd: annotation missing": ("bccd", XML, remove, "is missing"),
    "bccd: annotation cut off": ("bccd", XML, truncate, "no annotation in Pascal VOC's format"),
    "bccd: annotation empty": ("bccd", XML, text(""), "is empty"),
    "bccd: annotation without a box": ("bccd", XML, text(tiny_sets.voc(boxes=())), "holds no box"),
    "bccd: box outside": (
        "bccd",
        XML,
        text(tiny_sets.voc(boxes=(("RBC", 1, 2, 49, 20),))),
        "(1, 2, 49, 20) that is not in",
    ),
    "bccd: box inside out": ("bccd", XML, text(tiny_sets.voc(boxes=(("RBC", 9, 2, 4, 20),))), "that is not inside"),
    "bccd: no number": ("bccd", XML, text(tiny_sets.voc(boxes=(("RBC", "x", 2, 4, 20),))), "Pascal VOC's format"),
    "bccd: another class": ("bccd", XML, text(tiny_sets.voc(boxes=(("Cat", 1, 2, 4, 20),))), "a class 'Cat'"),
    "bccd: list missing": ("bccd", "BCCD/ImageSets/Main/train.txt", remove, "is missing"),
    "bccd: list empty": ("bccd", "BCCD/ImageSets/Main/train.txt", text("\n\n"), "is empty"),
    "bccd: list no text": (
        "bccd",
        "BCCD/ImageSets/Main/train.txt",
        lambda p: p.write_bytes(b"\xff\xfe\xfa"),
        "cannot be read",
    ),
    "penn_fudan: picture missing": (
        "penn_fudan",
        "PennFudanPed/PNGImages",
        lambda p: remove(p / "FudanPed00003.png"),
        "holds 4",
    ),
    "penn_fudan: mask missing": ("penn_fudan", "PennFudanPed/PedMasks", remove, "is missing"),
    "penn_fudan: mask of another size": (
        "penn_fudan",
        "PennFudanPed/PedMasks/*",
        other_size,
        "23 x 16 pixels, not 20 x 16",
    ),
    "penn_fudan: mask blank": ("penn_fudan", "PennFudanPed/PedMasks/*", blank, "marks nobody"),
    "penn_fudan: mask in colour": (
        "penn_fudan",
        "PennFudanPed/PedMasks/*",
        lambda p: tiny_sets.picture(p, (20, 16)),
        "3 channels",
    ),
    "dsb2018: mask cut off": ("dsb2018", "DSB2018/masks/aa.png", truncate, "is damaged"),
    "dsb2018: mask blank": ("dsb2018", "DSB2018/masks/aa.png", blank, "marks no nucleus"),
    "dsb2018: picture missing": ("dsb2018", "DSB2018/images/aa.png", remove, "is missing"),
    "isbi2012: label missing": ("isbi2012", "membrane/train/label/0.png", remove, "is missing"),
    "isbi2012: label blank": ("isbi2012", "membrane/train/label/0.png", blank, "marks no cell"),
    "isbi2012: label of another size": ("isbi2012", "membrane/train/label/0.png", other_size, "not 16 x 12"),
    "camvid: labels cut off": ("camvid", "CamVid/trainannot/train_0.png", truncate, "is damaged"),
    "camvid: another label": (
        "camvid",
        "CamVid/trainannot/train_0.png",
        lambda p: tiny_sets.save(p, np.full((12, 16), 40, np.uint8)),
        "a label 40",
    ),
    "camvid: nothing labelled": (
        "camvid",
        "CamVid/trainannot/train_0.png",
        lambda p: tiny_sets.save(p, np.full((12, 16), 11, np.uint8)),
        "labels no pixel",
    ),
    "camvid: list is no list": ("camvid", "CamVid/train.txt", text("one_name.png\n"), "a line 'one_name.png'"),
    "pets: trimap with other numbers": (
        "pets",
        "oxford-iiit-pet/annotations/trimaps/Abyssinian_1.png",
        blank,
        "other than 1, 2 and 3",
    ),
    "pets: list is no list": (
        "pets",
        "oxford-iiit-pet/annotations/trainval.txt",
        text("Abyssinian_1 1\n"),
        "NAME BREED SPECIES",
    ),
    "pets: picture missing": ("pets", "oxford-iiit-pet/images/Abyssinian_1.jpg", remove, "is missing"),
    "bsd68: picture missing": ("bsd68", "denoise_gray/BSD68", lambda p: remove(p / "02.png"), "holds 2 items where"),
    "bsd68: picture cut off": ("bsd68", "denoise_gray/BSD68/01.png", truncate, "is damaged"),
    "w2s: truth missing": ("w2s", "fluo/W2S/clean", remove, "is missing"),
    "w2s: truth of another size": ("w2s", "fluo/W2S/clean/*", other_size, "16 x 16 and 19 x 16 pixels"),
    "fmd: nothing there": (
        "fmd",
        "fluo/FMD/raw",
        lambda p: [remove(file) for file in p.iterdir()],
        "holds no PNG file",
    ),
    "orl: picture missing": ("orl", "orl_faces/s1/3.pgm", remove, "is missing"),
    "orl: picture cut off": ("orl", "orl_faces/s1/1.pgm", truncate, "is damaged"),
    "orl: picture of another size": ("orl", "orl_faces/s*/1.pgm", other_size, "95 x 112 pixels, not 92 x 112"),
    "olivetti: cut off": ("olivetti", "olivettifaces.mat", truncate, "is damaged"),
    "olivetti: another file": (
        "olivetti",
        "olivettifaces.mat",
        lambda p: tiny_sets.savemat(p, {"faces": np.ones((5, 5))}),
        "holds (5, 5)",
    ),
    "lfw: pairs missing": ("lfw", "lfw_home/pairsDevTest.txt", remove, "is missing"),
    "lfw: pairs without a pair": ("lfw", "lfw_home/pairsDevTest.txt", text("10\t300\n"), "holds no pair"),
    "lfw: pairs without a number": ("lfw", "lfw_home/pairsDevTest.txt", text("Ann\tLee\tx\n"), "is no pair"),
    "lfw: picture of another size": ("lfw", "lfw_home/lfw_funneled/*/*.jpg", other_size, "253 x 250"),
    "omniglot: cut off": ("omniglot_small", "omniglot-py/images_background_small1.zip", truncate, "is damaged"),
    "omniglot: empty": ("omniglot_small", "omniglot-py/images_background_small1.zip", text(""), "is empty"),
    "cifar10: a batch missing": ("cifar10", "cifar-10-batches-py/data_batch_3", remove, "is missing or damaged"),
    "cifar10: a batch cut off": ("cifar10", "cifar-10-batches-py/data_batch_3", truncate, "is missing or damaged"),
    "cifar10_png: picture cut off": ("cifar10_png", "cifar10_png/train/airplane/0.png", truncate, "is damaged"),
    "cifar10_png: picture of another size": (
        "cifar10_png",
        "cifar10_png/train/airplane/0.png",
        other_size,
        "not 32 x 32",
    ),
    "hymenoptera: no class": (
        "hymenoptera",
        "hymenoptera_data/train",
        lambda p: [remove(q) for q in p.iterdir()],
        "not as",
    ),
    "hymenoptera: empty class": (
        "hymenoptera",
        "hymenoptera_data/train",
        lambda p: [remove(q) for q in p.glob("bees/*")],
        "bees",
    ),
    "imagenet_sample: table empty": (
        "imagenet_sample",
        "imagenet_sample/labels.csv",
        text("index,wnid,name,file\n"),
        "names no",
    ),
    "imagenet_sample: another table": (
        "imagenet_sample",
        "imagenet_sample/labels.csv",
        text("a,b\n1,2\n"),
        "is no table",
    ),
    "imagenet_sample: picture missing": ("imagenet_sample", "imagenet_sample/a.jpg", remove, "is missing"),
    "otb: frame missing": ("otb_crossing", "OTB/Crossing/img/0007.jpg", remove, "is missing"),
    "otb: frame cut off": ("otb_crossing", "OTB/Crossing/img/0001.jpg", truncate, "is damaged"),
    "otb: boxes missing": ("otb_crossing", "OTB/Crossing/groundtruth_rect.txt", text("1,1,17,50\n" * 119), "119 boxes"),
    "otb: box outside": (
        "otb_crossing",
        "OTB/Crossing/groundtruth_rect.txt",
        text("350,1,17,50\n" * 120),
        "not inside 360",
    ),
    "otb: no box": ("otb_crossing", "OTB/Crossing/groundtruth_rect.txt", text("1,1,17\n" * 120), "is not x, y, width"),
}


def read_everything(name):
    splits = ("all", "test") if name == "lfw" else REGISTRY[name].items
    for split in splits:
        found = data.LFW(split) if name == "lfw" else catalogue.load(name, split)
        for index in range(min(len(found), 30)):
            found[index]


@pytest.mark.parametrize(("name", "place", "damage", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_folder_is_one_line_that_names_the_file(tiny, name, place, damage, reason):
    folder = tiny(name)
    for path in folder.glob(place):
        damage(path)
    with pytest.raises(DataError) as caught:
        read_everything(name)
    message = str(caught.value)
    assert reason in message and "\n" not in message
    stem = place.replace("/*.", ".").rstrip("*").rstrip("/").split("*")[0]
    assert stem.split("/")[-1].split(".")[0] in message
    assert str(folder) in message


def test_a_folder_that_is_another_set_is_not_taken_for_this_one(tiny):
    folder = tiny("bccd")
    with pytest.raises(DataError, match=r"DSB2018|2018 Data Science Bowl: not at hand"):
        data.DSB2018()
    remove(folder / "BCCD" / "Annotations")
    with pytest.raises(DataError, match=r"BCCD blood cells: not at hand.*Put the folder BCCD.*bccd\.zip"):
        data.BCCD()


@pytest.mark.parametrize("name", [name for name in REGISTRY if REGISTRY[name].layouts])
def test_a_set_that_is_nowhere_says_what_to_put_where(folder, name):
    with pytest.raises(DataError, match="CVCOURSE_DATA") as caught:
        catalogue.load(name)
    message = str(caught.value)
    assert message.startswith(REGISTRY[name].title) and "\n" not in message
    assert "Put " in message if REGISTRY[name].bring else REGISTRY[name].downloads[0].name in message


# The real packs


@pytest.fixture
def packs(real_data, tmp_path_factory, monkeypatch):
    """The folder of real packs, with a cache that these tests share."""
    monkeypatch.setenv("CVCOURSE_DATA", str(real_data))
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path_factory.getbasetemp() / "cache-of-packs"))
    locate.forget_decisions()
    return real_data


@pytest.mark.parametrize("name", [name for name in REGISTRY if REGISTRY[name].pack_size and REGISTRY[name].layouts])
def test_a_real_pack_has_the_registrys_items(packs, name):
    if not (packs / REGISTRY[name].pack).exists():
        pytest.skip(f"{REGISTRY[name].pack} is not there")
    for split, count in REGISTRY[name].items.items():
        found = catalogue.load(name, split)
        assert count == (120 if name == "otb_crossing" else len(found))
        for index in range(0, len(found), max(1, len(found) // 5)):
            check_item(found[index])


def test_real_bccd_has_4886_boxes_of_three_classes(packs):
    sets = [data.BCCD(split) for split in ("train", "val", "test")]
    labels = torch.tensor([label for each in sets for row in each._annotations for label in row["labels"]])
    assert labels.bincount().tolist() == [0, 4153, 372, 361] and sum(each.dropped for each in sets) == 2


def test_real_noise_is_found_to_be_noise_after_the_scale_is_fitted(packs):
    """Before, the two stretches count as noise too: the fit is worth 0.6 to 2.4 dB."""

    def psnr(error):
        return float(10 * torch.log10(255**2 / error.float().square().mean()))

    gains = []
    for noisy, target in data.W2S("test"):
        clean = target["clean"]
        gains.append(
            psnr(noisy.float() - data.fit_scale(clean, noisy).apply(clean)) - psnr(noisy.float() - clean.float())
        )
    assert min(gains) > 0.5 and sum(gains) / len(gains) > 1


def test_real_orl_people_look_like_themselves(packs):
    """Nearest neighbour of raw pixels finds the person for most pictures: names and pictures fit together."""
    test = data.ORL("test")
    pixels = torch.stack([image.float().flatten() for image, _ in test])
    distances = torch.cdist(pixels, pixels).fill_diagonal_(float("inf"))
    assert (test.labels[distances.argmin(1)] == test.labels).float().mean() > 0.9


@pytest.mark.parametrize("name", ["bccd", "dsb2018", "isbi2012", "grey_images", "fluorescence", "face_sets", "otb"])
def test_the_examples_in_the_docstrings_hold(packs, monkeypatch, name):
    monkeypatch.setattr(locate, "_announced", set(REGISTRY))
    module = import_module(f"cvcourse.data.{name}")
    failed, attempted = doctest.testmod(module, extraglobs={"torch": torch})
    assert attempted >= 1 and failed == 0
