"""docs/queue-benchmarks.md out of what was measured."""

import shlex
from statistics import median

# Pairs whose flush times differ by more than this factor are not compared.
ALIKE = 1.5
TARGETS = {True: {1: 0.9, 8: 0.9, 32: 0.8, 100: 0.8}, False: dict.fromkeys((1, 8, 32, 100), 0.6)}


def shown(arguments: list[str]) -> str:
    """The command as others would write it: their folders lie elsewhere."""
    text = " ".join(shlex.quote(a) if not a.startswith("/") else "…/" + a.rsplit("/", 1)[-1] for a in arguments)
    return ("python3 Benchmarks/queue_speed.py " + text).strip()


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.3g}"


def ratio(rounds: list[dict], ours: str, theirs: str) -> tuple[float | None, int]:
    """Median over the pairs that are alike, and how many there are."""
    def alike(a, b):
        slower, faster = max(a.get("flush_ms", 0), b.get("flush_ms", 0)), min(a.get("flush_ms", 0), b.get("flush_ms", 0))
        return slower <= ALIKE * faster or slower < 0.05

    pairs = [a[ours]["rate"] / b[theirs]["rate"] for a in rounds for b in rounds if alike(a[ours], b[theirs])]
    return (median(pairs), len(pairs)) if pairs else (None, 0)


def by_rate(rounds: list[dict], ours: str, theirs: str) -> float:
    """Whatever the flushes took: median over the rounds. Who flushes less often has shorter flushes, too."""
    return median(turn[ours]["rate"] / turn[theirs]["rate"] for turn in rounds)


def middle(rounds: list[dict], name: str, key: str) -> float:
    return median(turn[name][key] for turn in rounds)


def brief(row: dict) -> str:
    names = list(row["rounds"][0])
    theirs = next(name for name in names if name not in ("ours", "apart"))
    found, pairs = ratio(row["rounds"], "ours", theirs)
    return (f"{number(middle(row['rounds'], 'ours', 'rate'))}/s, {theirs} {number(middle(row['rounds'], theirs, 'rate'))}/s, "
            f"ratio {'–' if found is None else f'{found:.2f}'} ({pairs} pairs)")


def verdict(found: float | None, target: float) -> str:
    if found is None:
        return f"no pair alike (≥ {target:g})"
    return f"{found:.2f} (≥ {target:g}: {'met' if found >= target else 'not met'})"


def drains(section: dict, durable: bool) -> list[str]:
    lines = ["| tasks per claim | clients | bare SQL, /s | JobStore, /s | by rate | of bare | pairs | flushes per task | at most "
             "| p99 of a turn, bare, ms | JobStore, ms | apart, /s | by rate | of bare | pairs | flushes per task |",
             "|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for row in section["drains"]:
        rounds, batch = row["rounds"], row["batch"]
        found, pairs = ratio(rounds, "ours", "bare")
        apart, apart_pairs = ratio(rounds, "apart", "bare")

        def cell(name):
            flush = f" [{middle(rounds, name, 'flush_ms'):.2g}]" if durable else ""
            return number(middle(rounds, name, "rate")) + flush

        lines.append(
            f"| {batch} | {row['clients']} | {cell('bare')} | {cell('ours')} | {by_rate(rounds, 'ours', 'bare'):.2f} | "
            f"{verdict(found, TARGETS[durable][batch])} | {pairs} | {middle(rounds, 'ours', 'flushes_per_job'):.3f} | "
            f"{2 / batch:.3g} | {middle(rounds, 'bare', 'p99_ms'):.3g} | {middle(rounds, 'ours', 'p99_ms'):.3g} | "
            f"{cell('apart')} | {by_rate(rounds, 'apart', 'bare'):.2f} | {'–' if apart is None else f'{apart:.2f}'} | "
            f"{apart_pairs} | {middle(rounds, 'apart', 'flushes_per_job'):.3f} |")
    return lines


def peers(section: dict) -> list[str]:
    lines = ["What other queues take as a thousand jobs of one call is a job of a thousand tasks here: submitted, its plan "
             "claimed and made, by three calls. A job's bytes are those of the database's log without whole pages.", "",
             "| load | rival | its rate, /s | ours, /s | by rate | times as fast | pairs | flushes per job, rival | ours "
             "| bytes per job, rival | ours |",
             "|---|---|--:|--:|--:|---|--:|--:|--:|--:|--:|"]
    for row in section["loads"]:
        rounds = row["rounds"]
        found, pairs = ratio(rounds, "ours", "peer")
        lines.append(
            f"| {row['load']} | {row['peer']} | {number(middle(rounds, 'peer', 'rate'))} "
            f"[{middle(rounds, 'peer', 'flush_ms'):.2g}] | {number(middle(rounds, 'ours', 'rate'))} "
            f"[{middle(rounds, 'ours', 'flush_ms'):.2g}] | {by_rate(rounds, 'ours', 'peer'):.2f} | "
            f"{verdict(found, row['target'])} | {pairs} | "
            f"{middle(rounds, 'peer', 'flushes_per_job'):.3f} | {middle(rounds, 'ours', 'flushes_per_job'):.3f} | "
            f"{number(middle(rounds, 'peer', 'wal_bytes_per_job'))} | {number(middle(rounds, 'ours', 'wal_bytes_per_job'))} |")
    return lines


def http(section: dict) -> list[str]:
    lines = ["| tasks per claim | JobStore, /s | through HTTP, /s | of JobStore | p99 of a turn, ms |",
             "|--:|--:|--:|--:|--:|"]
    for row in section["drains"]:
        rounds = row["rounds"]
        part = median(turn["http"]["rate"] / turn["store"]["rate"] for turn in rounds)
        lines.append(f"| {row['batch']} | {number(middle(rounds, 'store', 'rate'))} | "
                     f"{number(middle(rounds, 'http', 'rate'))} | {part:.2f} | {middle(rounds, 'http', 'p99_ms'):.3g} |")
    return lines


def met(is_met: bool) -> str:
    return "met" if is_met else "not met"


def latency(section: dict) -> list[str]:
    started, beats = section["submit_to_start"], section["heartbeats"]
    array = max(found["seconds"] for found in section["array"])
    cores = beats["cores"] - beats["idle_cores"]
    return [
        f"- Submit to start, idle queue, through HTTP, {started['jobs']} jobs: p50 {started['p50_ms']:.1f} ms, p99 "
        f"{started['p99_ms']:.1f} ms (< 50 ms: {met(started['p99_ms'] < 50)}), longest {started['most_ms']:.1f} ms.",
        f"- A job of {section['array'][0]['items']:,} items, one task each, from the call to submit until its tasks can be "
        f"claimed, through HTTP, slowest of {len(section['array'])}: {array:.2f} s (< 1 s: {met(array < 1)}).",
        f"- {beats['workers']:,} workers, each with a task in hand, {beats['beats']} heartbeats in {beats['seconds']:.0f} s: "
        f"{100 * beats['cores']:.1f} % of a core of the server, of which {100 * beats['idle_cores']:.1f} % without any "
        f"(< 5 % together: {met(beats['cores'] < 0.05)}; heartbeats alone {100 * cores:.1f} %); {beats['lost']} lost.",
    ]


def pinned(section: dict) -> list[str]:
    load = f"{number(section['rate'])} tasks/s" if section["rate"] else "as fast as it goes"
    lines = [f"Batches of 8, 4 clients, {load}, {section['seconds']:.0f} s. The last quarter is to keep 0.8 of the first "
             "one's rate, and p99 at most to double.", "",
             "| synchronous_commit | tasks | first quarter, /s | last quarter, /s | kept | p99, first, ms | last, ms "
             "| dead rows per task |", "|---|--:|--:|--:|---|--:|--:|--:|"]
    for name, found in section["found"].items():
        kept = found["last_rate"] / max(found["first_rate"], 1e-9)
        lines.append(
            f"| {name} | {found['done']:,} | {number(found['first_rate'])} | {number(found['last_rate'])} | "
            f"{verdict(kept, 0.8)} | {found['first_p99_ms']:.3g} | {found['last_p99_ms']:.3g} | "
            f"{found['dead_per_task']:.2f} |")
    return lines


HEADINGS = {
    "durable": ("Claim and complete beside bare SQL", lambda section: drains(section, True)),
    "not-durable": ("The same with synchronous_commit off", lambda section: drains(section, False)),
    "peers": ("Beside other queues", peers),
    "http": ("Through the HTTP API, 16 clients", http),
    "latency": ("Waiting, arrays, heartbeats", latency),
    "pinned": ("While a snapshot is held open", pinned),
}


def made(section: dict) -> str:
    """When, where and how; results of before do not name the processor."""
    return ", ".join(filter(None, [section["date"], section.get("processor"), f"`{section['command']}`"]))


def page(results: dict) -> str:
    parts = [
        "# Benchmarks of the queue", "",
        "Written by `python3 Benchmarks/queue_speed.py`, which says how it is run. Server and clients share the machine. Bare SQL "
        "is `Benchmarks/Queue/bare`: each client claims (FOR UPDATE SKIP LOCKED under its worker's row, epochs raised) and "
        "completes fenced by epoch, two commits a batch; it has no jobs, stages, results, charges or history, so it is a "
        "ceiling, not a queue. Through JobStore a client ends its tasks and claims the next ones with one call and one flush, "
        "as a busy worker does (which also stores results, and names the models it holds: a read or two more, not measured here); "
        "a client by itself keeps to a thread of the pool, as one of pgbench does to its own, and with "
        "eight tasks or more ends them on one connection while a second one claims. \"Apart\" is with a call and a commit for each. Figures are medians; in brackets stands the mean time of a figure's own flushes in ms, and a "
        "ratio is the median over pairs of one run whose flush times were within a factor of 1.5. By rate is the ratio whatever "
        "the flushes took: who flushes less often has shorter flushes, too.", "",
    ]
    for name, (heading, body) in HEADINGS.items():
        if name in results:
            section = results[name]
            parts += [f"## {heading}", "", *body(section), "", made(section), ""]
    return "\n".join(parts).rstrip() + "\n"
