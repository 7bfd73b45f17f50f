"""A trained model: files, predictions, and export to ONNX and safetensors."""
