"""Real coordinators and workers on a PostgreSQL of their own, for faults: what carries them, and what has to hold."""

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from pathlib import Path

from queue_cluster import Cluster

LEASE, HEARTBEAT = 4, 1
# Of each job.
ITEMS = 12


class Proxy(threading.Thread):
    """Between a coordinator and the server: passes everything on but notifications, and counts those."""

    def __init__(self, folder: Path, upstream: Path):
        super().__init__(daemon=True)
        self.folder, self.upstream, self.swallowed, self.ready = folder, upstream, 0, threading.Event()
        self.start()
        self.ready.wait()

    def run(self) -> None:
        asyncio.run(self.serve())

    async def serve(self) -> None:
        server = await asyncio.start_unix_server(self.client, str(self.folder / ".s.PGSQL.5432"))
        self.ready.set()
        async with server:
            await server.serve_forever()

    async def client(self, reader, writer) -> None:
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(str(self.upstream / ".s.PGSQL.5432"))
            # The requests for TLS and the like have no message type; a socket's client sends none of them here.
            await asyncio.gather(self.up(reader, up_writer), self.down(up_reader, writer))
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    async def up(self, reader, writer) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def down(self, reader, writer) -> None:
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
            if head[:1] == b"A":
                self.swallowed += 1
                continue
            writer.write(head + body)
            await writer.drain()


class Run:
    """One system of its own: a server, two coordinators, two workers, and a client that submits."""

    def __init__(self, options, settings=None, environment=None):
        self.options, self.environment = options, environment or {}
        self.folder = Path(tempfile.mkdtemp(prefix="ar1-queue-faults-"))
        self.folder.chmod(0o755)
        self.cluster = Cluster(self.folder / "postgres", settings, environment)
        self.database = self.cluster.fresh("queue")
        self.children, self.acknowledged, self.refused = [], [], 0
        self.tokens = {}
        for user, role in (("ada", "member"), ("pool", "worker")):
            done = self.ar1("token", "create", "--database", self.database, "--lab", "lab", "--user", user, "--role", role)
            self.tokens[role] = done.split()[-1]
            (self.folder / role).write_text(self.tokens[role] + "\n")
        # Epochs only rise, whatever happens.
        self.cluster.sql("queue", """
            CREATE FUNCTION no_way_back() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NEW.lease_epoch < OLD.lease_epoch THEN RAISE EXCEPTION 'epoch of task % fell', OLD.id; END IF;
              IF OLD.state = 'succeeded' AND NEW.state <> OLD.state THEN
                RAISE EXCEPTION 'task % came back from its end', OLD.id;
              END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER no_way_back BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION no_way_back()""")

    def ar1(self, *arguments) -> str:
        return subprocess.run([str(self.options.build / "ar1"), *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                              check=True).stdout

    def child(self, name, *command, **environment) -> subprocess.Popen:
        log = open(self.folder / f"{name}.log", "w")
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT,
                                   env={**os.environ, **environment})
        self.children.append(process)
        return process

    def coordinator(self, name, database=None) -> str:
        process = self.child(
            name, self.options.build / "ar1", "coordinator", "--database", database or self.database, "--listen",
            "127.0.0.1:0", "--rate-limit", 0, "--lease-seconds", LEASE, "--heartbeat-seconds", HEARTBEAT)
        log = self.folder / f"{name}.log"
        while "listening on " not in log.read_text():
            if process.poll() is not None:
                sys.exit(f"the coordinator ended: {log.read_text()}")
            time.sleep(0.05)
        return log.read_text().split("listening on ")[1].split()[0]

    def worker(self, name, url, **environment) -> subprocess.Popen:
        return self.child(name, self.options.build / "queue-benchmark", "worker", "--url", url, "--token-file",
                          self.folder / "worker", "--items", ITEMS, **environment)

    def submit(self, url) -> bool:
        """One job; what is not acknowledged is tried again under the same key by the caller, or never counted."""
        body = {"spec": {"kind": "score", "model": "/m", "images": "/i", "output": "/o"},
                "idempotency_key": str(uuid.uuid4())}
        request = urllib.request.Request(
            url + "/v1/jobs", json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.tokens['member']}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.acknowledged.append(json.load(answer)["id"])
                return True
        except OSError:
            self.refused += 1
            return False

    def load(self, url, seconds, pause=0.05) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.submit(url)
            time.sleep(random.uniform(0, 2 * pause))

    def one(self, text) -> int:
        return int(self.cluster.sql("queue", text)[0][0])

    def settle(self, seconds=90) -> None:
        end = time.monotonic() + seconds
        while self.one("SELECT count(*) FROM jobs WHERE finished_at IS NULL"):
            if time.monotonic() > end:
                sys.exit("the queue did not settle: " + str(self.cluster.sql(
                    "queue", "SELECT state, kind, count(*) FROM tasks GROUP BY 1, 2")))
            time.sleep(0.2)

    def problems(self, fault, free=True) -> list[str]:
        """What does not hold."""
        checks = {
            "acknowledged jobs are lost": f"SELECT {len(self.acknowledged)} - count(*) FROM jobs"
                                          f" WHERE id = ANY ('{{{','.join(map(str, self.acknowledged))}}}')",
            "jobs did not succeed": "SELECT count(*) FROM jobs WHERE state <> 'succeeded'",
            "effects are of another epoch": "SELECT count(*) FROM tasks t JOIN task_details d ON d.task_id = t.id"
                                            " WHERE (d.result ->> 'epoch')::bigint IS DISTINCT FROM t.lease_epoch",
            "jobs have not done each item once":
                "SELECT count(*) FROM (SELECT t.job_id FROM tasks t JOIN task_details d ON d.task_id = t.id"
                " WHERE kind = 'shard' GROUP BY t.job_id HAVING count(*) <> "
                f"{ITEMS} OR count(DISTINCT d.payload ->> 'from') <> {ITEMS}) AS wrong",
            "ready rows are of tasks that are not ready":
                "SELECT count(*) FROM ready r JOIN tasks t ON t.id = r.task_id WHERE t.state <> 'ready'",
        }
        if free:
            checks["attempts were charged"] = "SELECT count(*) FROM tasks WHERE attempt <> 1"
        found = [f"{fault}: {count} {name}" for name, text in checks.items() if (count := self.one(text))]
        for log in self.folder.glob("*.log"):
            if "came back from its end" in log.read_text() or " fell" in log.read_text().replace("fell silent", ""):
                found.append(f"{fault}: {log.name} tells of an epoch that fell or an end that did not hold")
        return found

    def end_with(self, disk) -> None:
        self.end()
        if disk is not None:
            disk.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def end(self) -> None:
        for process in reversed(self.children):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self.cluster.destroy()
        shutil.rmtree(self.folder, ignore_errors=True)


class SmallDisk:
    """A tmpfs of a few megabytes that can be made larger."""

    def __init__(self, folder: Path, size: str):
        self.folder = folder
        folder.mkdir()
        self.run("mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", folder)

    def run(self, *command) -> None:
        subprocess.run([str(part) for part in command], check=True)

    def grow(self, size: str) -> None:
        self.run("mount", "-o", f"remount,size={size}", self.folder)

    def fill(self) -> None:
        """Takes all that is left."""
        with open(self.folder / "ballast", "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(b"\0" * size) == size:
                        pass
                except OSError:
                    pass

    def empty(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        self.run("umount", "-l", self.folder)
