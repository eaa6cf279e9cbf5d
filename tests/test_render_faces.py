"""The faces: pure, with people who stay themselves whatever the picture."""

import pytest
import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

from cvcourse.data.face_parameters import ATTRIBUTES, IDENTITY
from cvcourse.data.faces import Faces
from tests.rendered_checks import check_pure, fingerprint


@pytest.mark.parametrize(
    "make",
    [lambda seed: Faces(8, 5, seed=seed), lambda seed: Faces(4, 10, seed=seed, size=96, difficulty=2.5)],
    ids=["64", "hard"],
)
def test_a_picture_depends_on_seed_and_index_alone(make):
    check_pure(make)


def test_no_layer_is_cut_off_by_the_box_that_it_is_drawn_in():
    faces = Faces(12, 5, size=64, difficulty=3, seed=9)
    together = faces.batch(range(60)).images
    faces.chunk = 1  # the boxes are chosen anew for each picture
    assert torch.equal(faces.batch(range(60)).images, together)


def test_fixed_sheet():
    assert fingerprint(Faces(4, 4).batch(range(16)).images / 255) == "6ff7c474de141033"


def test_identity_does_not_depend_on_picture_or_difficulty():
    calm, wild = Faces(10, 6, difficulty=0), Faces(10, 6, difficulty=3)
    indices = torch.arange(60)
    people = calm.identity(indices)
    assert people.numbers.shape == (60, len(IDENTITY)) and people.attributes.shape == (60, len(ATTRIBUTES))
    assert torch.equal(people.numbers, wild.identity(indices).numbers)
    each = people.numbers.view(10, 6, -1)
    assert (each == each[:, :1]).all() and len(each[:, 0].unique(dim=0)) == 10
    attributes = wild.batch(indices).attributes.view(10, 6, -1)
    assert (attributes == attributes[:, :1]).all() and torch.equal(attributes.view(60, -1), people.attributes)


def test_a_persons_pictures_do_not_depend_on_how_many_there_are():
    few, many = Faces(5, 3), Faces(5, 7)
    assert torch.equal(few.batch(range(3, 6)).images, many.batch(range(7, 10)).images)
    shifted = Faces(2, 3, first_person=3)
    assert torch.equal(shifted.batch(range(6)).images, few.batch(range(9, 15)).images)
    assert torch.equal(shifted.batch(range(6)).people, shifted.labels)
    assert shifted.labels.tolist() == [3, 3, 3, 4, 4, 4]


def test_at_difficulty_0_the_face_itself_does_not_change():
    images = Faces(6, 4, difficulty=0, size=64).batch(range(24)).images.view(6, 4, 3, 64, 64).float()
    middle = images[..., 22:46, 24:40]
    assert (middle - middle[:, :1]).abs().max() < 20  # noise alone
    assert (middle[1:, 0] - middle[:-1, 0]).abs().mean() > 15


def test_difficulty_makes_two_pictures_of_a_person_differ_more():
    def spread(difficulty: float) -> float:
        images = Faces(12, 4, difficulty=difficulty).batch(range(48)).images.view(12, 4, -1).float()
        return (images[:, 1:] - images[:, :1]).abs().mean().item()

    values = [spread(difficulty) for difficulty in (0, 1, 2)]
    assert values == sorted(values)


def test_attributes_are_even_or_skewed_as_asked_for():
    def tones(**options) -> torch.Tensor:
        faces = Faces(3000, 1, **options)
        return torch.bincount(faces.identity(torch.arange(3000)).attributes[:, 0], minlength=3) / 3000

    assert (tones() - 1 / 3).abs().max() < 0.03
    skewed = torch.tensor([0.8, 0.15, 0.05])
    assert (tones(shares={"skin_tone": skewed.tolist()}) - skewed).abs().max() < 0.03
    everybody = Faces(50, 1, shares={"glasses": (0, 1), "beard": (1, 0)}).identity(torch.arange(50)).attributes
    assert (everybody[:, 3] == 1).all() and (everybody[:, 2] == 0).all()


def test_changing_one_share_leaves_the_other_attributes_and_the_proportions_alone():
    indices = torch.arange(200)
    plain = Faces(200, 1).identity(indices)
    skewed = Faces(200, 1, shares={"skin_tone": (0, 0, 1)}).identity(indices)
    assert torch.equal(plain.numbers, skewed.numbers)
    assert torch.equal(plain.attributes[:, 1:], skewed.attributes[:, 1:]) and (skewed.attributes[:, 0] == 2).all()


def test_attributes_can_be_seen():
    def mean(region: tuple, **shares) -> float:
        faces = Faces(60, 1, difficulty=0, shares={"hair": (0, 1, 0), "beard": (1, 0), "glasses": (1, 0), **shares})
        return faces.batch(range(60)).images[region].float().mean().item()

    cheeks = (..., slice(36, 40), slice(22, 26))
    light, medium, dark = (mean(cheeks, skin_tone=torch.eye(3)[tone].tolist()) for tone in range(3))
    assert light > medium + 20 > dark + 40
    crown = (..., slice(12, 16), slice(28, 36))
    skin = {"skin_tone": (1, 0, 0)}
    assert mean(crown, hair=(1, 0, 0), **skin) > mean(crown, **skin) + 30
    chin = (..., slice(46, 49), slice(29, 35))
    assert mean(chin, **skin) > mean(chin, beard=(0, 1), **skin) + 20
    neck = (..., slice(48, 54), slice(12, 18))
    assert mean(neck, hair=(0, 0, 1)) != mean(neck)


def test_keypoints_lie_on_the_features():
    faces = Faces(40, 3, difficulty=0, size=128, targets=("keypoints",), shares={"glasses": (1, 0)})
    batch = faces.batch(range(120))
    left, right, nose, mouth_left, mouth_right = batch.keypoints.unbind(1)
    assert (left[:, 0] < nose[:, 0]).all() and (nose[:, 0] < right[:, 0]).all()
    assert (left[:, 1] < nose[:, 1]).all() and (nose[:, 1] < mouth_left[:, 1]).all()
    assert (mouth_left[:, 0] < mouth_right[:, 0]).all()
    for point in (left, right):
        x, y = point.long().unbind(1)
        pupil = batch.images[torch.arange(120), :, y, x].float().mean(1)
        assert pupil.median() < 60  # a pupil is black


def test_keypoints_follow_the_pose():
    batch = Faces(30, 4, difficulty=1.5).batch(range(120))
    inside = (batch.keypoints > 0) & (batch.keypoints < 64)
    assert inside.all()
    wide = (batch.keypoints[:, 1] - batch.keypoints[:, 0]).norm(dim=1)
    assert wide.min() > 5 and batch.keypoints[:, 0].std(0).min() > 1.5


def test_items_have_the_targets_asked_for():
    faces = Faces(4, 2, targets=("person", "hair", "keypoints"))
    image, target = faces[5]
    assert isinstance(image, tv_tensors.Image) and image.dtype == torch.uint8 and image.shape == (3, 64, 64)
    assert list(target) == ["person", "hair", "keypoints"] and target["person"] == 2
    assert Faces.attributes["hair"][int(target["hair"])] in ("bald", "short", "long")
    if hasattr(tv_tensors, "KeyPoints"):
        flipped = Faces(4, 2, targets=faces.targets, transforms=v2.RandomHorizontalFlip(1))[5][1]["keypoints"]
        expected = target["keypoints"].as_subclass(torch.Tensor).clone()
        expected[:, 0] = 64 - expected[:, 0]
        assert torch.allclose(flipped.as_subclass(torch.Tensor), expected, atol=1.01)


def test_raw_pixels_do_not_tell_people_apart_at_the_default_difficulty():
    batch = Faces(40, 6, seed=2).batch(range(240))
    distances = torch.pdist(batch.images.flatten(1).float())
    first, second = torch.triu_indices(240, 240, 1)
    same = (batch.people[first] == batch.people[second])[distances.argsort()].double()
    accepted, mistaken = same.cumsum(0) / same.sum(), (1 - same).cumsum(0) / (1 - same).sum()
    equal_error_rate = mistaken[(1 - accepted - mistaken).abs().argmin()].item()
    assert 0.35 < equal_error_rate < 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 16}, "size is at least 32"),
        ({"people": 0}, "people is at least 1"),
        ({"photos": 1.5}, "photos is a whole number"),
        ({"difficulty": -1}, "difficulty is at least 0"),
        ({"first_person": -1}, "first_person is at least 0"),
        ({"shares": {"age": (1,)}}, "unknown attribute 'age' in shares; there are: skin_tone"),
        ({"shares": {"beard": (0.5, 0.6)}}, "shares of beard are 2 numbers"),
        ({"shares": {"skin_tone": (0.5, 0.5)}}, "one each for light, medium, dark"),
        ({"targets": ("name",)}, "unknown target 'name'"),
    ],
)
def test_bad_options_are_refused_in_one_line(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        Faces(**options)
    assert "\n" not in str(caught.value)
