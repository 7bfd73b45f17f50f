"""Pictures of all test images of the sample are read as well as the images themselves."""

import io

from PIL import Image

from pipeline.model.files import Model
from pipeline.model.prediction import predict
from pipeline.pictures.files import load_grey
from tests.drawings import enlarge, sample_digits
from tests.pipeline.pictures.test_reading import read_text


def test_pictures_of_the_images_are_read_as_well_as_the_images(reader: Model) -> None:
    images, labels = sample_digits()
    right = 0
    for image, label in zip(images, labels, strict=True):
        file = io.BytesIO()
        Image.fromarray(255 - enlarge(image, 4)).save(file, "PNG")
        file.seek(0)
        right += read_text(reader, load_grey(file, "it")) == str(label)
    plain = int((predict(reader, images).argmax(axis=1) == labels).sum())
    assert plain > 470
    assert right >= plain - 0.005 * len(labels)
