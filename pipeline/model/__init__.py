"""A trained model: its files, its predictions and their metrics, and export to ONNX and safetensors."""
