"""ReID networks: OSNet and others, BNNeck, part pooling, safe checkpoint loading."""
