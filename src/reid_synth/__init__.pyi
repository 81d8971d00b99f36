from .camera import Camera as Camera
from .camera import CameraResponse as CameraResponse
from .camera import sample_camera_response as sample_camera_response
from .datasets.crops import CropCamera as CropCamera
from .datasets.crops import render_crop as render_crop
from .datasets.crops import sample_crop_camera as sample_crop_camera
from .datasets.crops import sample_people as sample_people
from .datasets.dataset_cache import cached_dataset as cached_dataset
from .datasets.face_dataset import FacePlan as FacePlan
from .datasets.face_dataset import write_faces as write_faces
from .datasets.features import FeaturePlan as FeaturePlan
from .datasets.features import make_features as make_features
from .datasets.market import CLASS_PLAN as CLASS_PLAN
from .datasets.market import MarketPlan as MarketPlan
from .datasets.market import write_market as write_market
from .datasets.presets import PRESETS as PRESETS
from .datasets.presets import Preset as Preset
from .datasets.presets import adjust_preset as adjust_preset
from .datasets.statistics import CropStatistics as CropStatistics
from .datasets.statistics import measure_crop as measure_crop
from .datasets.statistics import measure_crops as measure_crops
from .faces.extras import Extras as Extras
from .faces.face import sample_face as sample_face
from .faces.face import sample_faces as sample_faces
from .faces.face import sibling as sibling
from .faces.light import Lighting as Lighting
from .faces.parts import Face as Face
from .faces.pose import HeadPose as HeadPose
from .faces.rendering import draw_face as draw_face
from .faces.rendering import render_face_crop as render_face_crop
from .faces.rendering import sample_face_camera as sample_face_camera
from .faces.shape import Expression as Expression
from .people.attributes import attributes_of as attributes_of
from .people.figure import build_figure as build_figure
from .people.person import Person as Person
from .people.person import change_clothes as change_clothes
from .people.person import near_copy as near_copy
from .people.person import sample_person as sample_person
from .people.poses import Pose as Pose
from .people.rendering import Light as Light
from .people.rendering import Sprite as Sprite
from .people.rendering import paste as paste
from .people.rendering import render_person as render_person
from .places.sprite_bank import SpriteBank as SpriteBank
from .places.sprite_bank import load_sprite_bank as load_sprite_bank
from .places.street import EmptyStreet as EmptyStreet
from .places.street import Street as Street
from .places.street import compose_street as compose_street
from .places.street import empty_street as empty_street
from .places.surfaces import Surfaces as Surfaces
from .places.surfaces import make_surfaces as make_surfaces
from .places.weather import WEATHERS as WEATHERS
from .places.weather import Weather as Weather
from .places.weather import sample_weather as sample_weather
from .worker_pool import WorkerPool as WorkerPool
from .world.camera_view import CameraView as CameraView
from .world.camera_view import SceneTruth as SceneTruth
from .world.camera_view import concat_truth as concat_truth
from .world.scene import Scene as Scene
from .world.trips import Trip as Trip
from .world.world import SPACING_M as SPACING_M
from .world.world import Visit as Visit
from .world.world import World as World
from .world.world import WorldPlan as WorldPlan

__all__ = [
    "CLASS_PLAN",
    "PRESETS",
    "SPACING_M",
    "WEATHERS",
    "Camera",
    "CameraResponse",
    "CameraView",
    "CropCamera",
    "CropStatistics",
    "EmptyStreet",
    "Expression",
    "Extras",
    "Face",
    "FacePlan",
    "FeaturePlan",
    "HeadPose",
    "Light",
    "Lighting",
    "MarketPlan",
    "Person",
    "Pose",
    "Preset",
    "Scene",
    "SceneTruth",
    "Sprite",
    "SpriteBank",
    "Street",
    "Surfaces",
    "Trip",
    "Visit",
    "Weather",
    "WorkerPool",
    "World",
    "WorldPlan",
    "adjust_preset",
    "attributes_of",
    "build_figure",
    "cached_dataset",
    "change_clothes",
    "compose_street",
    "concat_truth",
    "draw_face",
    "empty_street",
    "load_sprite_bank",
    "make_features",
    "make_surfaces",
    "measure_crop",
    "measure_crops",
    "near_copy",
    "paste",
    "render_crop",
    "render_face_crop",
    "render_person",
    "sample_camera_response",
    "sample_crop_camera",
    "sample_face",
    "sample_face_camera",
    "sample_faces",
    "sample_people",
    "sample_person",
    "sample_weather",
    "sibling",
    "write_faces",
    "write_market",
]
