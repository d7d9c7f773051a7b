"""What a GPU's arithmetic and memory allow, as torch reaches it. Prints one JSON line; with `--device cpu` a small trial."""

import argparse
import json
import statistics
import subprocess
import time

import torch


def seconds(work, gpu: bool, repeats: int) -> float:
    """The median of the calls, by the GPU's own clock."""
    for _ in range(3):
        work()
    times = []
    for _ in range(repeats):
        if gpu:
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            work()
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end) / 1000)
        else:
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=20, check=True).stdout.split()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--repeats", type=int, default=20)
    args = parser.parse_args()
    gpu = args.device != "cpu"
    if gpu:
        torch.cuda.set_device(args.device)
    found = {"torch": torch.__version__, "cuda": torch.version.cuda or "none"}
    if gpu:
        found |= {"driver": driver(), "device": torch.cuda.get_device_name(), "memory_bytes": torch.cuda.mem_get_info()[1]}
    else:
        found |= {"driver": "none", "device": "cpu", "memory_bytes": 0}
    with torch.no_grad():
        side = 8192 if gpu else 512
        a, b = (torch.randn(side, side, dtype=torch.bfloat16, device=args.device) for _ in range(2))
        found["products"] = 2 * side**3 / seconds(lambda: torch.matmul(a, b.T), gpu, args.repeats)
        # Six gigabytes, many times what a cache holds.
        rows = 384 * 1024 if gpu else 8 * 1024
        block = torch.randn(rows, side, dtype=torch.bfloat16, device=args.device)
        vector, size = b[0], block.numel() * block.element_size()
        found["read_vector_product"] = size / seconds(lambda: torch.mv(block, vector), gpu, args.repeats)
        words = block.view(torch.float32)
        found["read_sum"] = size / seconds(lambda: words.sum(), gpu, args.repeats)
        other = torch.empty_like(block)
        found["copied"] = 2 * size / seconds(lambda: other.copy_(block), gpu, args.repeats)
    # The largest of them: a floor must not be one that another program gets below.
    found["bandwidth"] = max(found["copied"], found["read_sum"], found["read_vector_product"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
