#!/usr/bin/env python3
"""Real coordinators and workers on a real PostgreSQL, and a fault while they work; then the queue is to settle with
nothing lost, nothing done twice and no attempt charged.

    Benchmarks/queue_faults.py --faults notifications disk-full --repeat 20
    Benchmarks/queue_faults.py --faults clock --faketime /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1

notifications  the coordinator that the workers ask hears no NOTIFY: work begins within a poll all the same
clock          the server's clock jumps ten minutes ahead and back, and a worker's is ahead (Debian package libfaketime)
wal-full       the disk of the log is full: the server panics, and goes on when there is room (needs root, for a tmpfs)
disk-full      the disk of the queue's hot tables is full: statements fail, and succeed when there is room (needs root)
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from queue_system import Proxy, Run, SmallDisk

ROOT = Path(__file__).resolve().parent.parent
# A coordinator looks again after 1.3 s at most; the rest is a busy machine's.
START_DELAY = 4


def notifications(options) -> list[str]:
    run = Run(options)
    try:
        socket = run.folder / "deaf"
        socket.mkdir()
        proxy = Proxy(socket, run.cluster.socket)
        hears, deaf = run.coordinator("hears"), run.coordinator("deaf", f"host={socket} port=5432 user=postgres dbname=queue")
        for index in range(2):
            run.worker(f"worker-{index}", deaf)
        start = time.monotonic()
        run.load(hears, options.seconds)
        run.settle()
        seconds = time.monotonic() - start
        late = float(run.cluster.sql("queue", "SELECT max(extract(epoch FROM started_at - created_at)) FROM jobs")[0][0])
        found = run.problems("notifications")
        if late > START_DELAY:
            found.append(f"notifications: a job began after {late:.1f} s")
        # Two coordinators, each at most one in 10 ms.
        if proxy.swallowed > 200 * seconds + 20:
            found.append(f"notifications: {proxy.swallowed} within {seconds:.0f} s")
        print(f"notifications: {len(run.acknowledged)} jobs, {proxy.swallowed} notifications swallowed, latest start {late:.2f} s")
        return found
    finally:
        run.end()


def clock(options) -> list[str]:
    if options.faketime is None:
        sys.exit("clock needs --faketime, the path of libfaketimeMT.so.1")
    shift = Path(tempfile.mkdtemp(prefix="ar1-clock-")) / "shift"
    shift.parent.chmod(0o755)
    shift.write_text("+0\n")
    steady = {"FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    run = Run(options, environment={"LD_PRELOAD": str(options.faketime), "FAKETIME_TIMESTAMP_FILE": str(shift), **steady})
    try:
        first, second = run.coordinator("first"), run.coordinator("second")
        run.worker("worker-0", first)
        # Ahead of the server: no client's time reaches the database.
        run.worker("worker-1", second, LD_PRELOAD=str(options.faketime), FAKETIME="+600", **steady)
        for moment in ("+0", "+600", "+0", "-600", "+0"):
            shift.write_text(moment + "\n")
            ahead = float(run.cluster.sql("queue", "SELECT extract(epoch FROM now())")[0][0]) - time.time()
            if abs(ahead - float(moment)) > 5:
                sys.exit(f"the server's clock is {ahead:.0f} s ahead, not {moment}: is that libfaketimeMT.so.1?")
            run.load(second, options.seconds / 4)
        run.settle()
        most = run.one("SELECT max(interruptions) FROM tasks")
        print(f"clock: {len(run.acknowledged)} jobs, tasks were interrupted {most} times at most")
        found = run.problems("clock")
        # Ahead from the present and ahead from ten minutes back: two jumps forward each way.
        if most > 3:
            found.append(f"clock: a task was requeued {most} times by three jumps ahead")
        return found
    finally:
        run.end()
        shutil.rmtree(shift.parent, ignore_errors=True)


def disk_full(options) -> list[str]:
    run = Run(options)
    disk = None
    try:
        disk = SmallDisk(run.folder / "small", "256m")
        (disk.folder / "space").mkdir()
        shutil.chown(disk.folder / "space", "postgres")
        run.cluster.sql("queue", f"CREATE TABLESPACE small LOCATION '{disk.folder / 'space'}'")
        for table in ("ready", "tasks", "task_details", "charges"):
            run.cluster.sql("queue", f"ALTER TABLE {table} SET TABLESPACE small")
        first, second = run.coordinator("first"), run.coordinator("second")
        for index, url in enumerate((first, second)):
            run.worker(f"worker-{index}", url)
        run.load(first, options.seconds / 3)
        disk.fill()
        run.load(second, options.seconds / 3)
        full = run.refused
        disk.empty()
        run.load(first, options.seconds / 3)
        run.settle()
        print(f"disk full: {len(run.acknowledged)} jobs, {full} submissions refused while it was full")
        return run.problems("disk full")
    finally:
        run.end_with(disk)


def wal_full(options) -> list[str]:
    run = Run(options, {"max_wal_size": "64MB", "min_wal_size": "32MB"})
    disk = None
    try:
        disk = SmallDisk(run.folder / "small", "200m")
        run.cluster.stop()
        # With its owner and rights.
        disk.run("cp", "-a", run.cluster.data / "pg_wal", disk.folder / "wal")
        shutil.rmtree(run.cluster.data / "pg_wal")
        (run.cluster.data / "pg_wal").symlink_to(disk.folder / "wal")
        run.cluster.start()
        first, second = run.coordinator("first"), run.coordinator("second")
        for index, url in enumerate((first, second)):
            run.worker(f"worker-{index}", url)
        run.load(first, options.seconds / 3)
        disk.fill()
        # A segment's worth of log, so that the next one is needed.
        deadline = time.monotonic() + 60
        while run.cluster.answers() and time.monotonic() < deadline:
            run.cluster.try_sql("queue", "CREATE TABLE IF NOT EXISTS ballast (t text); INSERT INTO ballast"
                                         " SELECT repeat(md5(n::text), 30) FROM generate_series(1, 20000) AS n")
        down = not run.cluster.answers()
        run.load(second, options.seconds / 3)
        disk.empty()
        disk.grow("1g")
        while not run.cluster.answers():
            run.cluster.restart()
            time.sleep(0.5)
        run.load(first, options.seconds / 3)
        run.settle(120)
        print(f"log's disk full: the server {'went down' if down else 'stayed up'}, {len(run.acknowledged)} jobs, "
              f"{run.refused} submissions refused")
        found = run.problems("log's disk full")
        return found if down else found + ["log's disk full: the server never noticed"]
    finally:
        run.end_with(disk)


FAULTS = {"notifications": notifications, "clock": clock, "disk-full": disk_full, "wal-full": wal_full}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=["notifications"])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6, help="of load in each run")
    parser.add_argument("--build", type=Path, default=ROOT / ".build" / "release", help="where our programs lie")
    parser.add_argument("--faketime", type=Path, help="libfaketimeMT.so.1")
    options = parser.parse_args()
    found = []
    for turn in range(options.repeat):
        for name in options.faults:
            found += FAULTS[name](options)
    if found:
        sys.exit("WRONG: " + "; ".join(found))
    print(f"{options.repeat} × {', '.join(options.faults)}: nothing lost, nothing done twice, no attempt charged")


if __name__ == "__main__":
    main()
