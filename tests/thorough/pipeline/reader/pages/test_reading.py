"""Accuracy of the pretrained model on pictures of the sample's test images."""

from pipeline.reader import load
from pipeline.reader.interface import PRETRAINED_READER
from tests.drawings import enlarge, sample_digits


def test_nearly_all_digits_are_read_in_pictures() -> None:
    reader, (images, labels) = load(PRETRAINED_READER), sample_digits()
    correct = [reader.read(255 - enlarge(image, 4)).text == str(labels[i]) for i, image in enumerate(images)]
    assert sum(correct) >= 0.97 * len(labels)
