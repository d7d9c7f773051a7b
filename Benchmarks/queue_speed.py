#!/usr/bin/env python3
"""Measures the queue beside bare SQL and other queues, on a PostgreSQL of its own with default durability.

    swift build -c release --product queue-benchmark && swift build -c release --product ar1
    python3 -m venv peers && peers/bin/pip install 'procrastinate==3.10.0' 'pgqueuer[asyncpg]==1.6.0' 'psycopg[binary,pool]'
    python3 Benchmarks/queue_speed.py --peers peers/bin/python3

Writes docs/queue-benchmarks.md. A disk's flush may take ten times as long a minute later, so systems take turns, each
figure has the mean time of its own flushes beside it, and a ratio is the median over the pairs of one run whose flush
times were within a factor of 1.5. `--sections` measures some sections anew and keeps the others' results.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import queue_report
from machine import processor
from queue_cluster import Cluster, last_json

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BARE = HERE / "Queue" / "bare"
PEERS = HERE / "Queue" / "peers"
# Tasks made ready for each second: more than any system takes.
PER_SECOND = {1: 30_000, 8: 80_000, 32: 130_000, 100: 170_000}


class Bench:
    def __init__(self, options, cluster):
        self.options, self.cluster = options, cluster
        self.program = options.build / "queue-benchmark"

    def run(self, *command, timeout=600) -> str:
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, timeout=timeout)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}")
        return done.stdout

    def ours(self, action, database, *arguments, timeout=600) -> dict:
        return last_json(self.run(self.program, action, "--database", database, *arguments, timeout=timeout))

    def measured(self, load) -> dict:
        """The load's result with the log's counts while it ran."""
        self.cluster.sql("postgres", "CHECKPOINT")
        before = self.cluster.wal()
        found = load()
        after = self.cluster.wal()
        flushes, done = after[0] - before[0], max(found["done"], 1)
        return {**found, "flushes_per_job": flushes / done, "flush_ms": (after[1] - before[1]) / max(flushes, 1),
                "wal_bytes_per_job": self.cluster.wal_bytes(before[2], after[2]) / done}

    def settled(self, name) -> None:
        self.cluster.sql(name, "VACUUM ANALYZE")

    # Drains

    def drain_bare(self, batch, clients, durable) -> dict:
        url = self.cluster.fresh("bare", durable)
        self.cluster.sql("bare", (BARE / "schema.sql").read_text())
        seconds = self.options.seconds
        self.cluster.sql("bare", "WITH made AS (INSERT INTO job (kind, payload) SELECT 'noop', '{}'"
                                 f" FROM generate_series(1, {int(PER_SECOND[batch] * seconds)}) RETURNING id)"
                                 " INSERT INTO ready SELECT 0, id, 1, 1024 FROM made")
        self.settled("bare")
        found = self.measured(lambda: self.pgbench(url, "claim", clients, seconds, "-D", f"n={batch}"))
        return self.checked(found, "bare", "SELECT count(*) FROM ready", batch)

    def pgbench(self, url, script, clients, seconds, *more) -> dict:
        with tempfile.TemporaryDirectory() as logs:
            out = self.run(
                "env", "PGOPTIONS=-c plan_cache_mode=force_generic_plan", self.cluster.bin / "pgbench", "-n", "-M",
                "prepared", "-c", clients, "-j", min(clients, 2), "-T", seconds, "-l", "--log-prefix", f"{logs}/l", "-f",
                BARE / f"{script}.sql", *more, url)
            turns = sorted(int(line.split()[2]) / 1000 for log in Path(logs).iterdir() for line in log.open())
        per_turn = int(next((x.split("=")[1] for x in more if str(x).startswith("n=")), 1))
        rate = float(next(line for line in out.splitlines() if line.startswith("tps")).split()[2])
        return {"done": len(turns) * per_turn, "rate": rate * per_turn, "p50_ms": turns[len(turns) // 2],
                "p99_ms": turns[int(len(turns) * 0.99)]}

    def checked(self, found, database, left, batch) -> dict:
        """A rate counts only if something was left to do at the end."""
        if int(self.cluster.sql(database, left)[0][0]) < batch:
            sys.exit(f"{database} was drained before the end: PER_SECOND is too small")
        return found

    def drain_ours(self, batch, clients, durable, url=None, together=True) -> dict:
        """Each client ends its tasks and claims the next ones with one call, as workers do, or with one call each."""
        database = self.cluster.conninfo("ours")
        if url is None:
            self.cluster.fresh("ours", durable)
            self.ours("prepare", database)
        more = (["--together"] if together else []) + (["--url", url] if url else [])
        self.ours("fill", database, "--tasks", int(PER_SECOND[batch] * self.options.seconds))
        self.settled("ours")

        def load():
            return self.ours("drain", database, "--clients", clients, "--batch", batch, "--seconds",
                             self.options.seconds, "--connections", clients, *more)

        # A coordinator keeps its connections, so its counts are not in before it ends.
        found = load() if url else self.measured(load)
        return self.checked(found, "ours", "SELECT count(*) FROM ready", batch)

    def drains(self, durable) -> list:
        rows = []
        for batch in self.options.batches:
            for clients in self.options.clients:
                pairs = []
                for turn in range(self.options.rounds):
                    loads = {"bare": self.drain_bare, "ours": self.drain_ours,
                             "apart": lambda *load: self.drain_ours(*load, together=False)}
                    names = list(loads)[:: 1 if turn % 2 else -1]
                    pairs.append({name: loads[name](batch, clients, durable) for name in names})
                rows.append({"batch": batch, "clients": clients, "rounds": pairs})
                progress(f"batches of {batch}, {clients} clients: " + queue_report.brief(rows[-1]))
        return rows

    # Sections

    def durable(self):
        return {"drains": self.drains(True)}

    def not_durable(self):
        return {"drains": self.drains(False)}

    def peers(self):
        python = self.options.peers
        if python is None:
            sys.exit("the section 'peers' needs --peers PYTHON, one that has procrastinate and pgqueuer")

        def peer(name, action, *arguments):
            script = PEERS / f"{name}_load.py"
            url = self.cluster.fresh(name)
            self.run(python, script, "prepare", url)
            return self.measured(lambda: last_json(self.run(python, script, action, url, *arguments)))

        def submit(clients, tasks=0):
            database = self.cluster.fresh("ours")
            self.ours("prepare", database)
            return self.measured(lambda: self.ours("submit", database, "--clients", clients, "--connections", clients,
                                                   "--tasks", tasks, "--seconds", self.options.seconds))

        loads = [
            ("submit, 16 clients", "procrastinate", 6,
             lambda: peer("procrastinate", "submit", 16, 1, 1600), lambda: submit(16)),
            ("submit, 16 clients", "pgqueuer", 6,
             lambda: peer("pgqueuer", "submit", 16, 1, 3200), lambda: submit(16)),
            ("submit 1,000 with one call, 1 client", "procrastinate", 8,
             lambda: peer("procrastinate", "submit", 1, 1000, 20000), lambda: submit(1, 1000)),
            ("submit 1,000 with one call, 1 client", "pgqueuer", 4,
             lambda: peer("pgqueuer", "submit", 1, 1000, 50000), lambda: submit(1, 1000)),
            ("drain one by one, 16 at once", "procrastinate", 6,
             lambda: peer("procrastinate", "drain", 4, 4, 3000), lambda: self.drain_ours(1, 16, True)),
            ("drain one by one, 4 workers", "pgqueuer", 1.5,
             lambda: peer("pgqueuer", "drain", 4, 1, 1600), lambda: self.drain_ours(1, 4, True)),
            ("drain in batches of 8 (PgQueuer 10), 4 workers", "pgqueuer", 1.35,
             lambda: peer("pgqueuer", "drain", 4, 10, 6000), lambda: self.drain_ours(8, 4, True)),
            ("drain in batches of 100, 4 workers", "pgqueuer", 2.5,
             lambda: peer("pgqueuer", "drain", 4, 100, 20000), lambda: self.drain_ours(100, 4, True)),
        ]
        rows = []
        for name, rival, target, theirs, ours in loads:
            pairs = [{"peer": theirs(), "ours": ours()} for _ in range(self.options.rounds)]
            rows.append({"load": name, "peer": rival, "target": target, "rounds": pairs})
            progress(f"{name}: " + queue_report.brief(rows[-1]))
        return {"loads": rows}

    def http(self):
        rows = []
        for batch in self.options.batches:
            pairs = []
            for _ in range(self.options.rounds):
                direct = self.drain_ours(batch, 16, True)
                self.cluster.fresh("ours")
                self.ours("prepare", self.cluster.conninfo("ours"))
                with Coordinator(self) as url:
                    pairs.append({"store": direct, "http": self.drain_ours(batch, 16, True, url)})
            rows.append({"batch": batch, "clients": 16, "rounds": pairs})
            progress(f"HTTP, batches of {batch}: {pairs[-1]}")
        return {"drains": rows}

    def latency(self):
        self.cluster.fresh("ours")
        database = self.cluster.conninfo("ours")
        self.ours("prepare", database)
        with Coordinator(self) as url:
            started = self.ours("submit-to-start", database, "--url", url, "--jobs", 300)
            array = [self.ours("large-array", database, "--url", url) for _ in range(self.options.rounds)]
        self.cluster.fresh("ours")
        self.ours("prepare", database)
        with Coordinator(self) as url:
            beats = self.heartbeats(database, url)
        return {"submit_to_start": started, "array": array, "heartbeats": beats}

    def heartbeats(self, database, url) -> dict:
        command = [self.program, "heartbeats", "--database", database, "--url", url, "--workers", 1000]
        load = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        load.stdout.readline()
        # What the leader and the server do anyway is theirs too.
        before, start = self.cluster.cpu_seconds(), time.monotonic()
        found = last_json(load.stdout.read())
        used, seconds = self.cluster.cpu_seconds() - before, time.monotonic() - start
        load.wait()
        idle, start = self.cluster.cpu_seconds(), time.monotonic()
        time.sleep(10)
        idle = (self.cluster.cpu_seconds() - idle) / (time.monotonic() - start)
        return {**found, "cores": used / seconds, "idle_cores": idle}

    def pinned(self):
        rows = {}
        for mode in self.options.pinned_commit:
            self.cluster.fresh("ours", mode == "on")
            database = self.cluster.conninfo("ours")
            self.ours("prepare", database)
            rows[mode] = self.ours(
                "pinned-snapshot", database, "--seconds", self.options.pinned_seconds, "--rate", self.options.pinned_rate,
                "--tasks", int(self.options.pinned_seconds * (self.options.pinned_rate or 24_000)),
                timeout=self.options.pinned_seconds + 600)
            progress(f"pinned snapshot: {rows}")
        return {"seconds": self.options.pinned_seconds, "rate": self.options.pinned_rate, "found": rows}


class Coordinator:
    """A coordinator of its own on the database 'ours'; gives its address."""

    def __init__(self, bench):
        self.bench = bench

    def __enter__(self) -> str:
        self.log = tempfile.NamedTemporaryFile("w+", prefix="ar1-coordinator-")
        self.process = subprocess.Popen(
            [str(self.bench.options.build / "ar1"), "coordinator", "--database", self.bench.cluster.conninfo("ours"),
             "--listen", "127.0.0.1:0", "--connections", "16", "--rate-limit", "0"],
            stdout=self.log, stderr=subprocess.STDOUT)
        while True:
            text = Path(self.log.name).read_text()
            if "listening on " in text:
                return text.split("listening on ")[1].split()[0]
            if self.process.poll() is not None:
                sys.exit("the coordinator ended: " + text)
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


SECTIONS = {"durable": Bench.durable, "not-durable": Bench.not_durable, "peers": Bench.peers, "http": Bench.http,
            "latency": Bench.latency, "pinned": Bench.pinned}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / ".build" / "release", help="where our programs lie")
    parser.add_argument("--peers", type=Path, help="a Python that has procrastinate and pgqueuer")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of each drain")
    parser.add_argument("--batches", type=int, nargs="+", default=list(PER_SECOND), choices=PER_SECOND)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--pinned-seconds", type=float, default=20)
    parser.add_argument("--pinned-rate", type=float, default=0, help="tasks a second; 0: as fast as it goes")
    parser.add_argument("--pinned-commit", nargs="+", choices=("on", "off"), default=["on", "off"],
                        help="synchronous_commit while a snapshot is held open")
    parser.add_argument("--folder", type=Path, help="for the server's files; removed afterwards")
    parser.add_argument("--results", type=Path, default=ROOT / ".bench" / "queue.json", help="what was measured so far")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "queue-benchmarks.md")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="ar1-queue-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    cluster = Cluster(folder / "postgres")
    try:
        results = json.loads(options.results.read_text()) if options.results.exists() else {}
        for name in options.sections:
            found = SECTIONS[name](Bench(options, cluster))
            results[name] = {"date": time.strftime("%Y-%m-%d"), "processor": processor(),
                             "command": queue_report.shown(sys.argv[1:]), **found}
            options.results.parent.mkdir(parents=True, exist_ok=True)
            options.results.write_text(json.dumps(results, indent=1) + "\n")
            options.output.write_text(queue_report.page(results))
    finally:
        cluster.destroy()
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(options.output)


if __name__ == "__main__":
    main()
