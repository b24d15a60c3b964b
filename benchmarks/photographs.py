"""Photographs that come with packages: scikit-image, scikit-learn and, where installed, two of Debian's.

apt-get install opencv-doc darknet        # 27 of them
"""

from __future__ import annotations

from pathlib import Path


SCIKIT_IMAGE = [
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "moon.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
]
OPENCV_DOC = [
    "data/aero1.jpg",
    "data/aloeL.jpg",
    "data/apple.jpg",
    "data/baboon.jpg",
    "data/basketball1.png",
    "data/board.jpg",
    "data/building.jpg",
    "data/butterfly.jpg",
    "data/chicky_512.png",
    "data/fruits.jpg",
    "data/graf1.png",
    "data/home.jpg",
    "data/leuvenA.jpg",
    "data/messi5.jpg",
    "data/orange.jpg",
    "data/rubberwhale1.png",
    "data/squirrel_cls.jpg",
    "data/stuff.jpg",
    "alphamat/input_images/plant.jpg",
    "hfs/data/000.jpg",
    "reg/home.png",
]
DARKNET = ["dog.jpg", "eagle.jpg", "giraffe.jpg", "horses.jpg", "kite.jpg", "person.jpg"]


def known_photographs() -> list[Path]:
    """The photographs of scikit-image, scikit-learn and, where installed, of two Debian packages."""
    import skimage
    import sklearn

    places = [
        (Path(skimage.__file__).parent / "data", SCIKIT_IMAGE),
        (Path(sklearn.__file__).parent / "datasets" / "images", ["china.jpg", "flower.jpg"]),
        (Path("/usr/share/doc/opencv-doc/examples"), OPENCV_DOC),
        (Path("/usr/share/darknet/data"), DARKNET),
    ]
    return [folder / name for folder, names in places for name in names if (folder / name).is_file()]
