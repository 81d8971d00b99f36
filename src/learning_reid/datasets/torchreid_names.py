"""The data sets that torchreid reads, by its names: known here without loading torchreid."""

from typing import NamedTuple


class TorchreidSet(NamedTuple):
    """What must be known of a set before torchreid is loaded.

    Attributes:
        title: its usual name, and what it is.
        folder: what torchreid calls its folder below the root.
        sign: a file or folder inside that no other set has.
    """

    title: str
    folder: str
    sign: str


TORCHREID_SETS = {
    "viper": TorchreidSet("VIPeR: 632 people, two cameras, one picture each", "viper", "VIPeR/cam_a"),
    "grid": TorchreidSet("GRID: an underground station, 250 people, 8 cameras", "grid", "underground_reid/probe"),
    "prid": TorchreidSet("PRID-2011, one picture a person", "prid2011", "prid_2011/single_shot"),
    "ilids": TorchreidSet("i-LIDS: an airport hall, 119 people", "ilids", "i-LIDS_Pedestrian/Persons"),
    "cuhk01": TorchreidSet("CUHK01: 971 people, two views", "cuhk01", "campus"),
    "cuhk02": TorchreidSet("CUHK02: 1,816 people, five pairs of cameras", "cuhk02", "Dataset/P5"),
    "sensereid": TorchreidSet("SenseReID: for testing only", "sensereid", "SenseReID/test_probe"),
    "cuhksysu": TorchreidSet("CUHK-SYSU crops: for training only", "cuhksysu", "cropped_images"),
    "university1652": TorchreidSet(
        "University-1652: buildings seen by drones and satellites", "university1652", "University-Release/test"
    ),
    "mars": TorchreidSet("MARS: tracklets of the people of Market-1501", "mars", "info/tracks_test_info.mat"),
    "ilidsvid": TorchreidSet("iLIDS-VID: tracklets, two cameras", "ilids-vid", "i-LIDS-VID/sequences"),
    "prid2011": TorchreidSet("PRID-2011: tracklets, two cameras", "prid2011", "prid_2011/multi_shot"),
    "dukemtmcvidreid": TorchreidSet(
        "DukeMTMC-VideoReID: withdrawn by its authors; a copy you have is read",
        "dukemtmc-vidreid",
        "DukeMTMC-VideoReID/train",
    ),
}
