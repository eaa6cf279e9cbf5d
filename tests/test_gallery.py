"""docs/gallery.md knows every set, and shows pictures of those alone that may be shown."""

import re

from PIL import Image

from cvcourse.data.registry import REGISTRY

LARGEST = 150_000  # bytes


def test_the_gallery_is_in_step_with_the_registry(root):
    page = (root / "docs" / "gallery.md").read_text(encoding="utf-8")
    named = re.findall(r"^### .* \(`(\w+)`\)$", page, re.MULTILINE)
    assert sorted(named) == sorted(REGISTRY), "write it again: python tools/gallery.py"
    for entry in REGISTRY.values():
        assert entry.licence in page and entry.title[1:] in page, (
            f"{entry.name}: write it again: python tools/gallery.py"
        )


def test_pictures_are_small_and_only_of_sets_that_may_be_shown(root):
    page = (root / "docs" / "gallery.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[(.+?)\]\(gallery/(\w+)\.png\)", page)
    files = {path.stem: path for path in (root / "docs" / "gallery").iterdir()}
    assert {name for _, name in shown} == set(files)
    for name, path in files.items():
        assert REGISTRY[name].shareable and path.stat().st_size < LARGEST, name
        with Image.open(path) as picture:
            assert picture.format == "PNG" and picture.width > 300
    assert {entry.name for entry in REGISTRY.values() if entry.embedded} <= set(files)
