"""PgQueuer as its documentation shows it, with jobs that do nothing. Prints one line of JSON.

    pgqueuer_load.py prepare CONNINFO
    pgqueuer_load.py submit CONNINFO CLIENTS JOBS_A_CALL JOBS
    pgqueuer_load.py drain CONNINFO PROCESSES BATCH JOBS
"""

import asyncio
import json
import subprocess
import sys
import time
from datetime import timedelta

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode


def pool(conninfo, connections):
    settings = dict(part.split("=", 1) for part in conninfo.split())
    return asyncpg.create_pool(
        host=settings["host"], port=int(settings["port"]), user=settings["user"], database=settings["dbname"],
        min_size=connections, max_size=connections)


async def prepare(conninfo):
    async with pool(conninfo, 1) as connections:
        await Queries(AsyncpgPoolDriver(connections)).install()


async def submit(conninfo, clients, batch, jobs):
    async with pool(conninfo, clients) as connections:
        queries = Queries(AsyncpgPoolDriver(connections))

        async def client():
            for _ in range(jobs // batch // clients):
                if batch == 1:
                    await queries.enqueue("nothing", None)
                else:
                    await queries.enqueue(["nothing"] * batch, [None] * batch, [0] * batch)

        start = time.monotonic()
        await asyncio.gather(*(client() for _ in range(clients)))
        return {"rate": jobs / (time.monotonic() - start), "done": jobs}


async def work(conninfo, batch):
    async with pool(conninfo, 5) as connections:
        queuer = PgQueuer(AsyncpgPoolDriver(connections))

        @queuer.entrypoint("nothing")
        async def nothing(job):
            pass

        print("connected", flush=True)
        sys.stdin.readline()
        await queuer.qm.run(
            batch_size=batch, mode=QueueExecutionMode.drain, dequeue_timeout=timedelta(seconds=1))


async def drain(conninfo, processes, batch, jobs):
    async with pool(conninfo, 1) as connections:
        queries = Queries(AsyncpgPoolDriver(connections))
        for _ in range(0, jobs, 1000):
            count = min(jobs, 1000)
            await queries.enqueue(["nothing"] * count, [None] * count, [0] * count)
    command = [sys.executable, __file__, "work", conninfo, str(batch)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
               for _ in range(processes)]
    for worker in workers:
        worker.stdout.readline()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate()
    async with pool(conninfo, 1) as connections:
        row = await connections.fetchrow(
            "SELECT count(*) FILTER (WHERE status = 'successful') AS done,"
            " extract(epoch FROM max(created) - min(created) FILTER (WHERE status = 'picked'))::float8 AS seconds"
            " FROM pgqueuer_log")
    return {"rate": row["done"] / row["seconds"], "done": row["done"]}


ACTIONS = {"prepare": prepare, "submit": submit, "drain": drain, "work": work}

if __name__ == "__main__":
    found = asyncio.run(ACTIONS[sys.argv[1]](sys.argv[2], *map(int, sys.argv[3:])))
    if sys.argv[1] != "work":
        print(json.dumps(found or {}))
