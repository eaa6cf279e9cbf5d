"""Tiny folders in the layouts of the real sets: a few pictures of noise each, written fast, the same every time."""

import dataclasses
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from cvcourse.data.registry import REGISTRY, DataSet

CORNERS = "<xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax>"
OBJECT = f"<object><name>{{name}}</name><bndbox>{CORNERS}</bndbox></object>"
BOXES = (("RBC", 1, 2, 20, 22), ("WBC", 5, 5, 40, 30), ("Platelets", 8, 8, 8, 8))


def picture(path: Path, size: tuple[int, int], mode: str = "RGB", seed: int = 0) -> None:
    """Noise of (width, height) pixels."""
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    save(path, np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def voc(size: tuple[int, int] = (48, 32), boxes=BOXES) -> str:
    """An annotation in Pascal VOC's format; `boxes` are (name, xmin, ymin, xmax, ymax)."""
    objects = "".join(OBJECT.format(*corners, name=name) for name, *corners in boxes)
    return f"<annotation><size><width>{size[0]}</width><height>{size[1]}</height></size>{objects}</annotation>"


def instances(size: tuple[int, int], numbers=(1, 2)) -> np.ndarray:
    """A map of squares of 4 x 4 pixels with these numbers."""
    ids = np.zeros((size[1], size[0]), dtype=np.uint8 if max(numbers) < 256 else np.uint16)
    for place, number in enumerate(numbers):
        ids[2:6, 2 + 6 * place : 6 + 6 * place] = number
    return ids


def bccd(root: Path) -> None:
    for place, split in enumerate(("train", "train", "val", "test")):
        name = f"BloodImage_{place:05d}"
        picture(root / "BCCD" / "JPEGImages" / f"{name}.jpg", (48, 32), seed=place)
        write(root / "BCCD" / "Annotations" / f"{name}.xml", voc())
        lines = root / "BCCD" / "ImageSets" / "Main" / f"{split}.txt"
        write(lines, (lines.read_text() if lines.exists() else "") + name + "\n")


def penn_fudan(root: Path) -> None:
    for number in range(1, 6):
        picture(root / "PennFudanPed" / "PNGImages" / f"FudanPed{number:05d}.png", (20, 16), seed=number)
        save(root / "PennFudanPed" / "PedMasks" / f"FudanPed{number:05d}_mask.png", instances((20, 16)))


def dsb2018(root: Path) -> None:
    for name in ("aa", "bb", "cc"):
        picture(root / "DSB2018" / "images" / f"{name}.png", (20, 16), "L")
        save(root / "DSB2018" / "masks" / f"{name}.png", instances((20, 16), (1, 300)))
    write(root / "DSB2018" / "train.txt", "aa\nbb\n")
    write(root / "DSB2018" / "val.txt", "cc\n")


def dsb2018_kaggle(root: Path) -> None:
    for name in ("aa", "bb", "cc", "dd", "ee"):
        picture(root / "stage1_train" / name / "images" / f"{name}.png", (20, 16))
        for number in (1, 2):
            mask = (instances((20, 16)) == number).astype(np.uint8) * 255
            save(root / "stage1_train" / name / "masks" / f"{number}.png", mask)


def isbi2012(root: Path) -> None:
    for number in range(30):
        picture(root / "membrane" / "train" / "image" / f"{number}.png", (16, 12), "L", seed=number)
        label = np.full((12, 16), 255, dtype=np.uint8)
        label[number % 12] = 0
        save(root / "membrane" / "train" / "label" / f"{number}.png", label)


def isbi2012_tiff(root: Path) -> None:
    pages = np.random.default_rng(0).integers(0, 256, (30, 12, 16), dtype=np.uint8)
    labels = np.full((30, 12, 16), 255, dtype=np.uint8)
    labels[range(30), np.arange(30) % 12] = 0
    for name, stack in (("train-volume.tif", pages), ("train-labels.tif", labels)):
        first, *others = (Image.fromarray(page) for page in stack)
        first.save(root / name, save_all=True, append_images=others)


def camvid(root: Path) -> None:
    for split in ("train", "val", "test"):
        lines = []
        for number in range(2):
            name = f"{split}_{number}.png"
            picture(root / "CamVid" / split / name, (16, 12))
            labels = np.full((12, 16), 11, dtype=np.uint8)
            labels[:6] = number
            save(root / "CamVid" / f"{split}annot" / name, labels)
            lines.append(f"/SegNet/CamVid/{split}/{name} /SegNet/CamVid/{split}annot/{name}")
        write(root / "CamVid" / f"{split}.txt", "\n".join(lines))


def pets(root: Path) -> None:
    base = root / "oxford-iiit-pet"
    for split, names in (("trainval", ("Abyssinian_1", "basset_hound_2")), ("test", ("Abyssinian_3",))):
        for name in names:
            picture(base / "images" / f"{name}.jpg", (16, 12))
            trimap = np.full((12, 16), 2, dtype=np.uint8)
            trimap[2:8, 2:8], trimap[2:8, 2] = 1, 3
            save(base / "annotations" / "trimaps" / f"{name}.png", trimap)
        rows = [f"{name} {1 if name[0] == 'A' else 2} {1 if name[0] == 'A' else 2} 1" for name in names]
        write(base / "annotations" / f"{split}.txt", "\n".join(rows))


def grey_images(root: Path) -> None:
    for folder, count in (("BSD68", 3), ("Set12", 3), ("Train400", 3)):
        for number in range(1, count + 1):
            picture(root / "denoise_gray" / folder / f"{number:02d}.png", (20, 16), "L", seed=number)


def fluorescence(root: Path) -> None:
    for field in range(4):
        for channel in range(2):
            name = f"fov{field:03d}_c{channel}.png"
            clean = np.random.default_rng(field).integers(0, 120, (16, 16), dtype=np.uint8)
            save(root / "fluo" / "W2S" / "clean" / name, clean)
            save(root / "fluo" / "W2S" / "noisy" / name, 2 * clean + 10)
    for kind in ("raw", "target"):
        picture(root / "fluo" / "FMD" / kind / "grey.png", (16, 12), "L")
        picture(root / "fluo" / "FMD" / kind / "colour.png", (16, 12))


def orl(root: Path) -> None:
    for person in range(1, 41):
        folder = root / "orl_faces" / f"s{person}"
        folder.mkdir(parents=True)
        for number in range(1, 11):
            (folder / f"{number}.pgm").write_bytes(b"P5\n92 112\n255\n" + bytes([person + number]) * (92 * 112))


def olivetti(root: Path) -> None:
    faces = np.repeat(np.arange(40, dtype=np.uint8), 10)[None].repeat(64 * 64, 0)
    faces[1] = 200  # the second number of a column is the second row of the first pixel column
    savemat(root / "olivettifaces.mat", {"faces": faces})


def lfw(root: Path) -> None:
    home = root / "lfw_home"
    for person, count in (("Ann_Lee", 3), ("Bo_Ek", 1), ("Cy_Oh", 2), ("Di_Wu", 2)):
        for number in range(1, count + 1):
            path = home / "lfw_funneled" / person / f"{person}_{number:04d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (250, 250), (40 * number, 0, 0)).save(path)
    write(home / "pairsDevTrain.txt", "1\nDi_Wu\t1\t2\nBo_Ek\t1\tDi_Wu\t2\n")
    write(home / "pairsDevTest.txt", "1\nAnn_Lee\t1\t3\nAnn_Lee\t2\tCy_Oh\t1\n")
    write(home / "pairs.txt", "10\t1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBo_Ek\t1\n")


def png(value: int, size: int = 105) -> bytes:
    """A drawing: a black square on white paper, one bit deep."""
    pixels = np.full((size, size), 255, dtype=np.uint8)
    pixels[10 + value : 40 + value, 10:40] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("1").save(buffer, "PNG")
    return buffer.getvalue()


def omniglot_zip(path: Path, stem: str, alphabets: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for place, alphabet in enumerate(alphabets):
            for character in (1, 2):
                for drawer in (1, 2, 3):
                    name = f"{stem}/{alphabet}/character{character:02d}/{place}{character}00_{drawer:02d}.png"
                    archive.writestr(name, png(4 * place + character + drawer))


def omniglot_small(root: Path) -> None:
    base = root / "omniglot-py"
    omniglot_zip(base / "images_background_small1.zip", "images_background_small1", ("Greek", "Latin"))
    omniglot_zip(base / "images_background_small2.zip", "images_background_small2", ("Tagalog",))
    (base / "one-shot-classification").mkdir()
    with zipfile.ZipFile(base / "one-shot-classification" / "all_runs.zip", "w") as archive:
        for run in range(1, 21):
            folder, rows = f"run{run:02d}", []
            for number in range(1, 21):
                test, train = f"{folder}/test/item{number:02d}.png", f"{folder}/training/class{number:02d}.png"
                archive.writestr(train, png(number))
                archive.writestr(test, png(21 - number))
                rows.append(f"{test} {folder}/training/class{21 - number:02d}.png")
            archive.writestr(f"{folder}/class_labels.txt", "\n".join(rows) + "\n")


def omniglot(root: Path) -> None:
    for stem, alphabets in (("images_background", ("Greek", "Latin")), ("images_evaluation", ("Tagalog",))):
        omniglot_zip(root / "omniglot-py" / f"{stem}.zip", stem, alphabets)


def cifar10(root: Path) -> dict[str, bytes]:
    """Files in the format of CIFAR-10's batches, 10 pictures each; also given by name."""
    generator = np.random.default_rng(0)
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    files = {
        name: pickle.dumps({"data": generator.integers(0, 256, (10, 3072), dtype=np.uint8), "labels": list(range(10))})
        for name in names
    }
    files["batches.meta"] = pickle.dumps({"label_names": [f"class {number}" for number in range(10)]})
    (root / "cifar-10-batches-py").mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (root / "cifar-10-batches-py" / name).write_bytes(data)
    return files


def class_folders(
    root: Path, base: str, splits: tuple[str, ...], classes: tuple[str, ...], size: tuple[int, int]
) -> None:
    for split in splits:
        for name in classes:
            for number in range(2):
                picture(root / base / split / name / f"{number}.png", size, seed=number)


def cifar10_png(root: Path) -> None:
    class_folders(root, "cifar10_png", ("train", "test"), ("airplane", "ship"), (32, 32))


def hymenoptera(root: Path) -> None:
    class_folders(root, "hymenoptera_data", ("train", "val"), ("ants", "bees"), (20, 16))


def imagenet_sample(root: Path) -> None:
    picture(root / "imagenet_sample" / "a.jpg", (20, 16))
    picture(root / "imagenet_sample" / "b.jpg", (16, 20))
    write(root / "imagenet_sample" / "labels.csv", 'index,wnid,name,file\n0,n1,tench,a.jpg\n8,n2,"hen, one",b.jpg\n')


def otb_crossing(root: Path) -> None:
    base = root / "OTB" / "Crossing"
    (base / "img").mkdir(parents=True)
    for number in range(1, 121):
        Image.new("RGB", (360, 240), (number, 0, 0)).save(base / "img" / f"{number:04d}.jpg")
    write(base / "groundtruth_rect.txt", "".join(f"{number}\t1\t17\t50\n" for number in range(1, 121)))


# Each set's folder, and how many items its splits have then.
MAKERS: dict[str, tuple[Callable[[Path], object], dict[str, int]]] = {
    "bccd": (bccd, {"train": 2, "val": 1, "test": 1}),
    "penn_fudan": (penn_fudan, {"train": 4, "test": 1}),
    "dsb2018": (dsb2018, {"train": 2, "val": 1}),
    "isbi2012": (isbi2012, {"train": 24, "test": 6}),
    "camvid": (camvid, {"train": 2, "val": 2, "test": 2}),
    "pets": (pets, {"trainval": 2, "test": 1}),
    "bsd68": (grey_images, {"all": 3}),
    "set12": (grey_images, {"all": 3}),
    "bsd400": (grey_images, {"all": 3}),
    "w2s": (fluorescence, {"train": 6, "test": 2}),
    "fmd": (fluorescence, {"test": 2}),
    "orl": (orl, {"train": 300, "test": 100}),
    "olivetti": (olivetti, {"train": 300, "test": 100}),
    "lfw": (lfw, {"all": 8}),
    "omniglot_small": (omniglot_small, {"small1": 12, "small2": 6}),
    "omniglot": (omniglot, {"background": 12, "evaluation": 6}),
    "cifar10": (cifar10, {"train": 50, "test": 10}),
    "cifar10_png": (cifar10_png, {"train": 4, "test": 4}),
    "hymenoptera": (hymenoptera, {"train": 4, "val": 4}),
    "imagenet_sample": (imagenet_sample, {"all": 2}),
    "otb_crossing": (otb_crossing, {"all": 120}),
}


def tiny_entry(name: str) -> DataSet:
    """The registry's entry with the tiny folder's number of items."""
    return dataclasses.replace(REGISTRY[name], items=MAKERS[name][1])


def zip_folder(folder: Path, path: Path) -> None:
    """Pack what lies in `folder`, with deflate, as the packs are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))


def tar_folder(folder: Path, path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted(folder.iterdir()):
            archive.add(file, file.name)
