from . import checks as checks
from .clothed_person import draw_clothed_person as draw_clothed_person
from .diagrams import show_diagram as show_diagram
from .domains import Domain as Domain
from .domains import Style as Style
from .domains import mean_ap as mean_ap
from .domains import open_domain as open_domain
from .domains import restyle as restyle
from .domains import train_network as train_network
from .exercise_setup import open_grader as open_grader
from .exercise_setup import student_split as student_split
from .export_measurements import AveragedFeatures as AveragedFeatures
from .export_measurements import count_operators as count_operators
from .export_measurements import images_per_s as images_per_s
from .export_measurements import input_range as input_range
from .export_measurements import installed_mb as installed_mb
from .export_measurements import quiet_nncf as quiet_nncf
from .figures import COLORS as COLORS
from .figures import show as show
from .figures import show_crops as show_crops
from .figures import show_image as show_image
from .figures import use_plot_style as use_plot_style
from .guesses import compare_guess as compare_guess
from .guesses import compare_with_published as compare_with_published
from .lesson_data import LESSON_MODELS as LESSON_MODELS
from .lesson_data import evaluate_features as evaluate_features
from .lesson_data import lesson_embedder as lesson_embedder
from .lesson_data import lesson_split as lesson_split
from .lesson_faces import open_faces as open_faces
from .lesson_people import is_smoke as is_smoke
from .lesson_people import open_people as open_people
from .notebook import ROOT as ROOT
from .notebook import course_file as course_file
from .notebook import need as need
from .notebook import prepare as prepare
from .returning_street import CAMERAS as CAMERAS
from .returning_street import create_returning_world as create_returning_world
from .returning_street import draw_visits as draw_visits
from .returning_street import number_visits as number_visits
from .returning_street import render_cameras as render_cameras
from .seeds import student_seed as student_seed
from .two_cameras import TwoCameras as TwoCameras
from .two_cameras import open_two_cameras as open_two_cameras

__all__ = [
    "CAMERAS",
    "COLORS",
    "LESSON_MODELS",
    "ROOT",
    "AveragedFeatures",
    "Domain",
    "Style",
    "TwoCameras",
    "checks",
    "compare_guess",
    "compare_with_published",
    "count_operators",
    "course_file",
    "create_returning_world",
    "draw_clothed_person",
    "draw_visits",
    "evaluate_features",
    "images_per_s",
    "input_range",
    "installed_mb",
    "is_smoke",
    "lesson_embedder",
    "lesson_split",
    "mean_ap",
    "need",
    "number_visits",
    "open_domain",
    "open_faces",
    "open_grader",
    "open_people",
    "open_two_cameras",
    "prepare",
    "quiet_nncf",
    "render_cameras",
    "restyle",
    "show",
    "show_crops",
    "show_diagram",
    "show_image",
    "student_seed",
    "student_split",
    "train_network",
    "use_plot_style",
]
