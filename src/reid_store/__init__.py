"""Who was seen where and when, kept: detections, their vectors and the persons made of them, in a database."""
