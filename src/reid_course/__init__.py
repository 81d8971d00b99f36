"""What the notebooks need around them: set-up, data of the right size, pictures in one style."""
