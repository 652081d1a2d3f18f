"""Writers of the papers' networks as ONNX files; see README.md."""
