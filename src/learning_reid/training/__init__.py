"""How the networks learn: people and faces, from random weights or published ones."""
