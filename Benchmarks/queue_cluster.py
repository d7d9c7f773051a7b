"""A PostgreSQL of its own for measurements: default settings (fsync on), a unix socket, flushes timed."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path


def programs() -> Path:
    """Of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[4]))
    if not found:
        raise SystemExit("PostgreSQL's server programs are not installed: deploy/install-packages.sh")
    return found[-1].parent


class Cluster:
    def __init__(self, folder: Path, settings: dict | None = None, environment: dict | None = None):
        self.folder, self.bin, self.environment = folder.resolve(), programs(), environment or {}
        shutil.rmtree(self.folder, ignore_errors=True)
        self.socket, self.data = self.folder / "socket", self.folder / "data"
        self.socket.mkdir(parents=True)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            shutil.chown(self.socket, "postgres")
        self.server("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        lines = {"listen_addresses": "''", "unix_socket_directories": f"'{self.socket}'", "max_connections": 200,
                 "track_wal_io_timing": "on", **(settings or {})}
        with open(self.data / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())
        self.start()

    def server(self, program: str, *arguments) -> str:
        """Runs a program of the server as a user who may run it."""
        command = [str(self.bin / program), *map(str, arguments)]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stdout}")
        return done.stdout

    def start(self) -> None:
        # Its output goes to a file: a pipe would stay open as long as the server lives.
        command = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        subprocess.run(
            [*command, str(self.bin / "pg_ctl"), "-D", str(self.data), "-l", str(self.data / "server.log"), "-w",
             "start"], cwd="/", stdout=subprocess.DEVNULL, env={**os.environ, **self.environment}, check=True)

    def restart(self) -> None:
        """Starts a server that went down, if it can already."""
        subprocess.run(
            [*(["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []), str(self.bin / "pg_ctl"), "-D",
             str(self.data), "-l", str(self.data / "server.log"), "-W", "start"], cwd="/", stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def answers(self) -> bool:
        return self.try_sql("postgres", "SELECT 1")

    def try_sql(self, database: str, text: str) -> bool:
        return subprocess.run(
            [str(self.bin / "psql"), "-X", "-q", "-c", text, self.conninfo(database)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode == 0

    def stop(self, mode: str = "fast") -> None:
        self.server("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def destroy(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, database: str) -> str:
        return f"host={self.socket} port=5432 user=postgres dbname={database}"

    def sql(self, database: str, text: str) -> list[list[str]]:
        done = subprocess.run(
            [str(self.bin / "psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text,
             self.conninfo(database)], stdout=subprocess.PIPE, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines() if line]

    def fresh(self, name: str, durable: bool = True) -> str:
        """A new database of this name."""
        self.sql("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.sql("postgres", f"CREATE DATABASE {name}")
        if not durable:
            self.sql("postgres", f"ALTER DATABASE {name} SET synchronous_commit = off")
        return self.conninfo(name)

    def wal(self) -> tuple[int, float, str]:
        """Flushes, their milliseconds, and where the log ends. Backends hand theirs in when they exit, so all have to be
        gone."""
        while int(self.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                                       " AND pid <> pg_backend_pid()")[0][0]):
            time.sleep(0.05)
        row = self.sql("postgres", "SELECT wal_sync, wal_sync_time, pg_current_wal_flush_lsn() FROM pg_stat_wal")[0]
        return int(row[0]), float(row[1]), row[2]

    def wal_bytes(self, start: str, end: str) -> float:
        """Of the log between two of its places, without the images of whole pages that follow a checkpoint."""
        self.sql("postgres", "CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        return float(self.sql("postgres", f"SELECT sum(record_size) FROM pg_get_wal_stats('{start}', '{end}')")[0][0])

    def cpu_seconds(self) -> float:
        """What the server's processes have used so far, children that have ended included."""
        master = int((self.data / "postmaster.pid").read_text().split()[0])
        tick = os.sysconf("SC_CLK_TCK")
        total = 0.0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(stat.parent.name) == master:
                total += sum(map(int, fields[11:15])) / tick
            elif int(fields[1]) == master:
                total += sum(map(int, fields[11:13])) / tick
        return total


def last_json(output: str) -> dict:
    return json.loads(output.strip().splitlines()[-1])
