"""Procrastinate as its documentation shows it, with tasks that do nothing. Prints one line of JSON.

    procrastinate_load.py prepare CONNINFO
    procrastinate_load.py submit CONNINFO CLIENTS JOBS_A_CALL JOBS
    procrastinate_load.py drain CONNINFO PROCESSES JOBS_AT_ONCE JOBS
"""

import asyncio
import json
import logging
import subprocess
import sys
import time

import procrastinate
import psycopg

logging.getLogger("procrastinate").setLevel(logging.ERROR)


def application(conninfo, connections):
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=connections, max_size=connections))

    @app.task(name="nothing")
    async def nothing():
        pass

    return app, nothing


async def prepare(conninfo):
    app, _ = application(conninfo, 1)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def submit(conninfo, clients, batch, jobs):
    app, nothing = application(conninfo, clients)

    async def client():
        for _ in range(jobs // batch // clients):
            if batch == 1:
                await nothing.defer_async()
            else:
                await nothing.batch_defer_async(*[{}] * batch)

    async with app.open_async():
        start = time.monotonic()
        await asyncio.gather(*(client() for _ in range(clients)))
        return {"rate": jobs / (time.monotonic() - start), "done": jobs}


async def work(conninfo, at_once):
    app, _ = application(conninfo, at_once + 1)
    async with app.open_async():
        print("connected", flush=True)
        sys.stdin.readline()
        await app.run_worker_async(concurrency=at_once, wait=False, install_signal_handlers=False)


async def drain(conninfo, processes, at_once, jobs):
    app, nothing = application(conninfo, 1)
    async with app.open_async():
        for _ in range(0, jobs, 1000):
            await nothing.batch_defer_async(*[{}] * min(jobs, 1000))
    command = [sys.executable, __file__, "work", conninfo, str(at_once)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
               for _ in range(processes)]
    for worker in workers:
        worker.stdout.readline()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate()
    with psycopg.connect(conninfo) as connection:
        done, seconds = connection.execute(
            "SELECT count(*) FILTER (WHERE type = 'succeeded'),"
            " extract(epoch FROM max(at) - min(at) FILTER (WHERE type = 'started'))::float8"
            " FROM procrastinate_events").fetchone()
    return {"rate": done / seconds, "done": done}


ACTIONS = {"prepare": prepare, "submit": submit, "drain": drain, "work": work}

if __name__ == "__main__":
    found = asyncio.run(ACTIONS[sys.argv[1]](sys.argv[2], *map(int, sys.argv[3:])))
    if sys.argv[1] != "work":
        print(json.dumps(found or {}))
