"""One person: attributes, pose, body and clothes, and the pixels they make."""
