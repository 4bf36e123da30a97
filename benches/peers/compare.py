"""Compares training and sampling throughput with Python diffusers, run alternately, by ratios of medians.

Both sides use the same network, batch, precision, threads, OMP_WAIT_POLICY and GOMP_SPINCOUNT. Needs only the standard library:

    python3 benches/peers/compare.py --tweedie target/release/tweedie --python PYTHON_WITH_DIFFUSERS
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

PEER = Path(__file__).with_name("diffusers_throughput.py")


def environment(threads):
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "10000"}


def run(command, threads):
    done = subprocess.run(command, env=environment(threads), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def ours_train(o, precision, folder):
    """Seconds per step, from the ticks of a short run. Each tick is one step; those of the warm-up are left out."""
    images = (o.warmup + o.steps) * o.batch
    settings = [f"training.images={images}", f"training.batch={o.batch}", f"training.precision={precision}",
                f"training.report.tick={o.batch}", "training.report.sheet=0", "training.report.checkpoint=0",
                "sampling.steps=1"]
    command = [o.tweedie, "train", "--runs", folder / "runs", "--preset", o.preset, "--device", "cpu"]
    for setting in settings:
        command += ["--set", setting]
    out = run(command, o.threads)
    newest = max((folder / "runs").iterdir())
    ticks = [json.loads(line) for line in (newest / "metrics.jsonl").read_text().splitlines()]
    seconds = [o.batch / tick["clock"]["images_per_second"] for tick in ticks][o.warmup:]
    start = next(float(line.split()[3]) for line in out.splitlines() if line.startswith("first step after"))
    return seconds, newest, start


def ours_sample(o, precision, checkpoint, folder):
    """Seconds per step of a batch: the time of many steps minus that of few, which removes start-up and file output."""
    def whole(steps):
        began = time.perf_counter()
        run([o.tweedie, "sample", checkpoint, "-n", str(o.batch), "--steps", str(steps), "--precision", precision,
             "--out", folder / "images", "--device", "cpu"], o.threads)
        return time.perf_counter() - began
    few, many = 2, 2 + o.steps
    return (whole(many) - whole(few)) / o.steps


def peer(o, precision, mode, config):
    command = [o.python, PEER, "--config", config, "--batch", str(o.batch), "--precision", precision, "--mode", mode,
               "--steps", str(o.steps), "--warmup", str(o.warmup), "--threads", str(o.threads)]
    return json.loads(run(command, o.threads).strip().splitlines()[-1])["seconds"]


def starts(o, config, folder):
    """Seconds from the start of the process until the first training step begins."""
    began = time.time()
    out = run([o.python, PEER, "--config", config, "--batch", str(o.batch), "--precision", "f32", "--mode", "start",
               "--threads", str(o.threads), "--started-at", repr(began)], o.threads)
    theirs = json.loads(out.strip().splitlines()[-1])["seconds"][0]
    command = [o.tweedie, "train", "--runs", folder / "starts", "--preset", o.preset, "--device", "cpu", "--set",
               f"training.images={o.batch}", "--set", f"training.batch={o.batch}", "--set", "training.report.sheet=0",
               "--set", "sampling.steps=1"]
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment(o.threads), stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if line.startswith("first step after"):
                ours = time.perf_counter() - began
                child.kill()
    return ours, theirs


def sampling(o):
    """Measures a step of both samplers on the same network, alternately."""
    config = o.network / "unet" / "config.json"
    with tempfile.TemporaryDirectory() as name:
        for precision in ["f32", "bf16"]:
            mine, theirs = [], []
            for _ in range(o.rounds):
                mine.append(ours_sample(o, precision, o.network, Path(name)))
                theirs.append(statistics.median(peer(o, precision, "sample", config)))
            pairs = ", ".join(f"{b / a:.3f}" for a, b in zip(mine, theirs))
            a, b = statistics.median(mine), statistics.median(theirs)
            print(f"sample {precision}: {1e3 * a:.1f} ms a step against {1e3 * b:.1f} ms: {b / a:.3f} times (each pair: {pairs})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tweedie", type=Path, required=True)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--preset", default="shapes")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--network", type=Path, help="a diffusers folder; compares only sampling, with --batch images at a time")
    o = parser.parse_args()
    o.tweedie = o.tweedie.resolve()
    if o.network:
        return sampling(o)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, checkpoint, _ = ours_train(o, "f32", folder)
        config = next(checkpoint.glob("checkpoints/*/unet/config.json"))
        rows = []
        for precision in ["f32", "bf16"]:
            train, train_peer, sample, sample_peer = [], [], [], []
            for _ in range(o.rounds):
                train += ours_train(o, precision, folder)[0]
                train_peer += peer(o, precision, "train", config)
                sample.append(ours_sample(o, precision, checkpoint, folder))
                sample_peer += peer(o, precision, "sample", config)
            for what, mine, theirs in [("train", train, train_peer), ("sample", sample, sample_peer)]:
                a, b = statistics.median(mine), statistics.median(theirs)
                rows.append((what, precision, o.batch / a, o.batch / b, b / a))
        print(f"{'':<8}{'':<6}{'tweedie img/s':>15}{'diffusers img/s':>17}{'ratio':>8}")
        for what, precision, mine, theirs, ratio in rows:
            print(f"{what:<8}{precision:<6}{mine:>15.1f}{theirs:>17.1f}{ratio:>8.2f}")
        pairs = [starts(o, config, folder) for _ in range(o.rounds)]
        mine, theirs = (statistics.median(column) for column in zip(*pairs))
        print(f"first training step after {mine:.2f} s against {theirs:.2f} s: {theirs / mine:.1f} times sooner")


if __name__ == "__main__":
    main()
