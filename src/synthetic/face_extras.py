"""stub"""
from dataclasses import dataclass
import numpy as np
@dataclass(frozen=True)
class Extras:
    a: int = 0
def sample_extras(face, rng): return Extras()
def with_hat(e, r, p, h): return r, p, h
def behind_head(e, face, project, lighting, size): return np.full((size,size,3),150,np.float32)
def before_head(*a): pass
