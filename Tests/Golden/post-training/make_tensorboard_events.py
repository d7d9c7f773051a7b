"""Writes tensorboard-events.bin: the file TensorBoard's own library makes of the steps in TensorBoardEventsTests.

    pip install tensorboard
    python make_tensorboard_events.py            writes the golden file
    python make_tensorboard_events.py FILE       prints what TensorBoard reads from an event file
"""

import pathlib
import sys

from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter

STEPS = [
    (1, 1700000001.5, {"kl": 0.0, "reward/mean": 0.25}),
    (300, 1700000002.25, {"gradient_norm": 1e-7, "kl": 0.0625, "reward/mean": -1.5}),
]

if len(sys.argv) > 1:
    for event in EventFileLoader(sys.argv[1]).Load():
        print(event.step, event.wall_time, [(v.tag, v.tensor.float_val or v.simple_value) for v in event.summary.value])
    sys.exit()

with open(pathlib.Path(__file__).parent / "tensorboard-events.bin", "wb") as file:
    writer = RecordWriter(file)
    writer.write(Event(wall_time=1700000000.0, file_version="brain.Event:2").SerializeToString())
    for step, time, values in STEPS:
        event = Event(wall_time=time, step=step)
        for tag, value in values.items():
            event.summary.value.add(tag=tag, simple_value=value)
        writer.write(event.SerializeToString())
