"""Crops in, unit vectors out: OSNet and every torchreid model, on torch, ONNX Runtime or OpenVINO."""
