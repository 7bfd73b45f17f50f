"""A trained model: its files, its predictions and their metrics, and export to ONNX and safetensors."""

from pathlib import Path

PRETRAINED = Path(__file__).parent / "pretrained"
"""Folder of the pretrained models, for `pipeline.reader.load`."""
PRETRAINED_MODEL, PRETRAINED_READER = PRETRAINED / "model.safetensors", PRETRAINED / "reader.safetensors"
