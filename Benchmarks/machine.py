"""The floors of this machine: what its arithmetic and its memory allow. Prints one JSON line for a number of threads."""

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    known = [name for name in ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16") if f" {name}" in flags]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores ({', '.join(known) or 'no vector extensions named'})"


def rate(work, amount: float, repeats: int, of=statistics.median) -> float:
    """The amount a second of the median call, or of the fastest."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return amount / of(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(args.threads)  # read when the libraries are loaded
    import numpy
    import torch

    torch.set_num_threads(args.threads)
    size = 2048
    a, b = (torch.randn(size, size) for _ in range(2))
    x, y = a.numpy(), b.numpy()
    # numpy asks for large pages, which are read faster.
    block = torch.from_numpy(numpy.ones(1 << 28, numpy.float32))
    with torch.no_grad():
        # The faster of two libraries: either may lack kernels for a new processor.
        float32 = max(rate(lambda: a @ b.T, 2 * size**3, 5), rate(lambda: x @ y.T, 2 * size**3, 5))
        low, high = a.bfloat16(), b.bfloat16()
        bfloat16 = rate(lambda: torch.nn.functional.linear(low, high), 2 * size**3, 5)
        reading = rate(lambda: block.sum(), block.numel() * 4, 15, of=min)
    print(json.dumps({
        "processor": processor(), "threads": args.threads, "float32_operations": float32,
        "bfloat16_operations": bfloat16, "read_bytes": reading, "numpy": numpy.__version__, "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()
