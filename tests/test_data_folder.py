"""One's own pictures: every kind of file, a split that nothing leaks through, and messages that mend."""

import io
import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib import data
from cnnlib.data.folder import LEAST, OwnPictures
from cnnlib.errors import BadInput


def noise(seed, height=48, width=64):
    return Image.fromarray(np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8))


@pytest.fixture
def pets(tmp_path):
    """A folder of two classes, ten cats and fifteen dogs, all different."""
    for label, (name, count) in enumerate((("cat", 10), ("dog", 15))):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(count):
            noise(100 * label + i).save(tmp_path / "pets" / name / f"{i:02}.png")
    return tmp_path / "pets"


def by_file(pictures):
    files = pictures.train_files + pictures.test_files
    return dict(zip(files, torch.cat([pictures.train_images, pictures.test_images]), strict=True))


def test_a_folder_becomes_a_data_set(pets):
    own = data.folder(pets)
    assert isinstance(own, data.Dataset) and isinstance(own, OwnPictures)
    assert own.classes == ("cat", "dog")
    assert own.title == "Own pictures (pets)"
    assert (own.channels, own.size) == (3, 32)
    assert torch.bincount(own.test_labels).tolist() == [2, 3]
    assert torch.bincount(own.train_labels).tolist() == [8, 12]
    assert len(own.train_files) == 20 and len(own.test_files) == 5
    for files, labels in ((own.train_files, own.train_labels), (own.test_files, own.test_labels)):
        assert [file.split("/")[0] for file in files] == [own.classes[label] for label in labels]
    for file, pixels in by_file(own).items():
        assert torch.equal(pixels, data.picture(pets / file))
    assert own.source == (
        "25 pictures of one's own from the folder pets, the middle of each resized to 32×32."
    )


def test_the_split_is_the_same_each_time_and_differs_by_seed(pets):
    one, again, other = data.folder(pets), data.folder(str(pets)), data.folder(pets, seed=1)
    assert one.test_files == again.test_files and one.fingerprint == again.fingerprint
    assert set(one.test_files) != set(other.test_files)
    assert set(one.train_files) & set(one.test_files) == set()


def test_renaming_moves_no_picture_to_the_other_side(pets):
    before = data.folder(pets)
    for file in (pets / "cat").iterdir():
        file.rename(file.with_name(f"holiday {15 - int(file.stem)}.png"))
    assert data.folder(pets).fingerprint == before.fingerprint


def test_added_pictures_leave_most_others_where_they_are(pets):
    before = set(data.folder(pets, test=0.4).test_files)
    for i in range(5):
        noise(500 + i).save(pets / "dog" / f"new {i}.png")
    after = set(data.folder(pets, test=0.4).test_files)
    assert len(before - after) <= 5, "no more can be pushed out than were added"
    assert before & after


def test_copies_are_left_out_whatever_their_name_and_format(pets):
    before = data.folder(pets)
    shutil.copy(pets / "cat" / "03.png", pets / "cat" / "a copy.png")
    Image.open(pets / "cat" / "03.png").save(pets / "cat" / "03 again.bmp")  # other bytes, the same pixels
    after = data.folder(pets)
    assert sorted(after.train_labels.tolist()) == sorted(before.train_labels.tolist())
    pixels = list(by_file(after).values())
    assert len({one.numpy().tobytes() for one in pixels}) == len(pixels) == 25
    assert after.source.endswith("2 exact copies were left out.")


def test_what_is_no_picture_is_passed_over(pets):
    before = data.folder(pets)
    (pets / "cat" / "Thumbs.db").write_bytes(b"x")
    (pets / "cat" / "._00.jpg").write_bytes(b"x")
    (pets / ".ipynb_checkpoints").mkdir()
    (pets / "__MACOSX").mkdir()
    (pets / "readme.txt").write_text("mine")
    assert data.folder(pets).fingerprint == before.fingerprint


def test_each_share_leaves_pictures_on_both_sides(pets):
    for share, sizes in ((0.01, [1, 1]), (0.5, [5, 8]), (0.99, [9, 14])):
        assert torch.bincount(data.folder(pets, test=share).test_labels).tolist() == sizes


def test_a_group_is_never_split(pets):
    groups = data.folder(pets, test=0.3, group=lambda name: int(name[:2]) // 3)  # of three pictures each, one of one
    sides = [{(file[:3], int(file[4:6]) // 3) for file in files} for files in (groups.train_files, groups.test_files)]
    assert sides[0] & sides[1] == set()
    for count, total in zip(torch.bincount(groups.test_labels).tolist(), (10, 15), strict=True):
        assert round(0.3 * total) <= count < round(0.3 * total) + 3
    assert sorted(groups.train_files + groups.test_files) == sorted(by_file(data.folder(pets)))


def test_groups_of_one_are_the_ordinary_split(pets):
    assert data.folder(pets, group=lambda name: name).fingerprint == data.folder(pets).fingerprint


def test_one_group_cannot_be_split(pets):
    with pytest.raises(BadInput, match="All pictures of the class 'cat' are in one group, 'me'; at least two"):
        data.folder(pets, group=lambda name: "me")
    halves = data.folder(pets, test=0.99, group=lambda name: name < "05")
    assert set(halves.train_labels.tolist()) == {0, 1}


def test_size_is_a_setting(pets):
    assert data.folder(pets, size=16).train_images.shape == (20, 3, 16, 16)


def test_the_middle_is_cropped(tmp_path):
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert data.picture(tmp_path / "wide.png", 20).unique().tolist() == [200]
    Image.fromarray(wide.transpose(1, 0, 2)).save(tmp_path / "high.png")
    assert data.picture(tmp_path / "high.png", 20).unique().tolist() == [200]


def test_a_picture_of_the_right_size_stays_as_it_is(tmp_path):
    noise(1, 32, 32).save(tmp_path / "small.png")
    wanted = torch.from_numpy(np.array(noise(1, 32, 32))).permute(2, 0, 1)
    assert torch.equal(data.picture(tmp_path / "small.png"), wanted)


def ramp():
    return np.linspace(0, 255, 32).astype(np.uint8)[None].repeat(32, axis=0)


@pytest.mark.parametrize("name", ["ramp.png", "ramp.tif"])
def test_sixteen_bits_become_eight(tmp_path, name):
    Image.fromarray(ramp().astype(np.uint16) * 257).save(tmp_path / name)
    assert torch.equal(data.picture(tmp_path / name), torch.from_numpy(ramp())[None].expand(3, 32, 32))


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK"])
def test_every_mode_becomes_three_channels(tmp_path, mode):
    name = tmp_path / f"one.{'tif' if mode == 'CMYK' else 'png'}"
    Image.new("RGB", (40, 40), (255, 255, 255)).convert(mode).save(name)
    assert data.picture(name).shape == (3, 32, 32)
    assert data.picture(name).unique().tolist() == [255]


def test_the_ground_of_transparent_pictures_is_white(tmp_path):
    Image.new("RGBA", (32, 32), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert data.picture(tmp_path / "clear.png").unique().tolist() == [255]
    Image.new("RGBA", (32, 32), (0, 0, 0, 128)).save(tmp_path / "half.png")
    assert abs(int(data.picture(tmp_path / "half.png")[0, 0, 0]) - 127) <= 1


def test_photographs_stored_on_their_side_are_turned_upright(tmp_path):
    upright = np.zeros((32, 32, 3), np.uint8)
    upright[:8] = 255  # a bright top
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn me by 90° clockwise to look at me"
    Image.fromarray(np.rot90(upright).copy()).save(tmp_path / "phone.png", exif=exif)
    Image.fromarray(np.rot90(upright).copy()).save(tmp_path / "phone.jpg", exif=exif, quality=95)
    assert torch.equal(data.picture(tmp_path / "phone.png"), torch.from_numpy(upright).permute(2, 0, 1))
    seen = data.picture(tmp_path / "phone.jpg").float().mean(dim=(0, 2))
    assert seen[:7].min() > 240 and seen[9:].max() < 15


def test_a_large_photograph_looks_like_its_exact_reduction(tmp_path):
    x = np.linspace(0, 6, 2400)
    smooth = (127 + 60 * np.sin(x)[None, :, None] + 60 * np.cos(x[:1600])[:, None, None]) * np.ones(3)
    Image.fromarray(smooth.astype(np.uint8)).save(tmp_path / "large.jpg", quality=95)
    Image.fromarray(smooth.astype(np.uint8)).save(tmp_path / "large.png")
    difference = data.picture(tmp_path / "large.jpg").int() - data.picture(tmp_path / "large.png").int()
    assert difference.abs().max() <= 4


def broken(pets, name, content):
    (pets / "cat" / name).write_bytes(content)


def truncated(kind, keep):
    sink = io.BytesIO()
    noise(7, 200, 200).save(sink, kind)
    return sink.getvalue()[: int(keep * len(sink.getvalue()))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.jpg", truncated("JPEG", 0.5)),
        ("cut.png", truncated("PNG", 0.5)),
        ("head.png", truncated("PNG", 0.0005)),
        ("empty.jpg", b""),
        ("page.jpg", b"<html>not found</html>"),
        ("cut.gif", truncated("GIF", 0.3)),
        ("cut.tif", truncated("TIFF", 0.5)),
    ],
)
def test_a_broken_file_is_named(pets, name, content):
    broken(pets, name, content)
    with pytest.raises(BadInput, match=rf"{name} cannot be read as a picture .* or take it away"):
        data.folder(pets)


def test_fractions_and_too_many_bits_are_told(tmp_path):
    Image.fromarray(np.zeros((9, 9), np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.full((9, 9), 70_000, np.int32)).save(tmp_path / "deep.tif")
    with pytest.raises(BadInput, match="decimal fractions"):
        data.picture(tmp_path / "float.tif")
    with pytest.raises(BadInput, match="go from 70000 to 70000"):
        data.picture(tmp_path / "deep.tif")


def test_the_same_picture_in_two_classes_is_a_mistake(pets):
    shutil.copy(pets / "cat" / "03.png", pets / "dog" / "rex.png")
    with pytest.raises(BadInput, match="cat/03.png and dog/rex.png are the same picture in two classes"):
        data.folder(pets)


def keep(folder, count):
    for file in sorted(folder.iterdir())[count:]:
        file.unlink()


def test_too_few_pictures_are_told_and_just_enough_are_not(pets):
    keep(pets / "cat", LEAST)
    assert torch.bincount(data.folder(pets).test_labels).tolist() == [1, 3]
    keep(pets / "cat", LEAST - 1)
    shutil.copy(pets / "cat" / "03.png", pets / "cat" / "04.png")  # a copy does not count
    with pytest.raises(BadInput, match="'cat' has only 4 different pictures; at least 5"):
        data.folder(pets)


def test_folders_that_are_no_classes_are_told(pets, tmp_path):
    with pytest.raises(BadInput, match="nowhere does not exist; a folder is needed"):
        data.folder(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="00.png is a file"):
        data.folder(pets / "cat" / "00.png")
    with pytest.raises(BadInput, match="holds no folders; at least two"):
        data.folder(pets / "cat")
    (pets / "fish" / "more").mkdir(parents=True)
    noise(3).save(pets / "fish" / "more" / "1.png")
    with pytest.raises(BadInput, match="'fish' has no pictures.*not into folders below it"):
        data.folder(pets)
    shutil.rmtree(pets / "fish")
    shutil.rmtree(pets / "dog")
    with pytest.raises(BadInput, match="holds only one folder, 'cat'"):
        data.folder(pets)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is readable here")
def test_a_locked_folder_is_told(pets):
    (pets / "cat").chmod(0)
    try:
        with pytest.raises(BadInput, match="cannot be read"):
            data.folder(pets)
    finally:
        (pets / "cat").chmod(0o755)


def test_a_telephones_own_format_is_told(pets):
    broken(pets, "IMG_0001.HEIC", b"ftypheic")
    with pytest.raises(BadInput, match="IMG_0001.HEIC is a HEIC picture"):
        data.folder(pets)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"size": 4}, "size is 4"),
        ({"size": 32.0}, "size is 32.0"),
        ({"test": 0.0}, "test is 0.0"),
        ({"test": 1}, "test is 1; it must be a fraction"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "a"}, "seed is 'a'"),
    ],
)
def test_bad_settings_are_told(pets, settings, words):
    with pytest.raises(BadInput, match=words):
        data.folder(pets, **settings)


def test_a_missing_picture_is_told(tmp_path):
    with pytest.raises(BadInput, match="There is no file .*gone.jpg"):
        data.picture(tmp_path / "gone.jpg")
