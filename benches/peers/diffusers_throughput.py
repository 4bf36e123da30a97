"""Measures Python `diffusers` for comparison with tweedie: training steps, sampling steps, a bound, or the time to the first step.

Needs `torch` and `diffusers`, and for --runtime openvino or onnx these packages. The last line printed is JSON:
{"img_per_s_median": …, "seconds": [one per step, …]}; with `--mode start`,
{"seconds": [from --started-at to the beginning of the first training step]}.

The training step is the usual one: a batch of images, noise at random levels, the mean squared error of the
predicted noise, AdamW with the gradient's norm clipped to 1, and a moving average of the weights. The optimisations
that PyTorch offers to a plain loop are on by default: the fused AdamW, and one call for the whole moving average.
`--mode sample` runs DDIM; a step is one evaluation of the network and one step of the scheduler. `--mode likelihood` evaluates one image
at 1,000 levels in batches, with the squared errors of which the variational bound consists.

`--runtime` selects what evaluates the network: PyTorch (eager), torch.compile (compile), torch.compile with frozen weights (freeze),
OpenVINO, or ONNX Runtime. The last three are for inference alone.
"""

import argparse
import contextlib
import itertools
import json
import os
import statistics
import sys
import time

EMA_DECAY = 0.9999
# The same policy as tweedie's: spinning threads become very slow as soon as another process uses the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="JSON file, a UNet2DModel's configuration")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--mode", choices=["train", "sample", "start", "likelihood"], required=True)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="bf16 is torch.autocast")
    parser.add_argument("--steps", type=int, default=20, help="timed steps")
    parser.add_argument("--warmup", type=int, default=3, help="steps before them that are not timed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, nargs="+", help="height and width, if the configuration has none")
    parser.add_argument("--optimizer", choices=["fused", "foreach", "loop"], default="fused", help="implementation of AdamW")
    parser.add_argument("--serve", action="store_true", help="measure once for each line of standard input")
    parser.add_argument("--runtime", choices=["eager", "compile", "freeze", "openvino", "onnx"], default="eager")
    parser.add_argument("--channels-last", action="store_true", help="weights and images as N, H, W, C")
    parser.add_argument("--started-at", type=float, help="with start: when the process was started, in Unix time")
    arguments = parser.parse_args()
    if arguments.mode == "start" and arguments.started_at is None:
        parser.error("--mode start needs --started-at")
    if arguments.steps < 1:
        parser.error("--steps must be at least 1")
    return arguments


class Setting:
    """A network with the settings for training and sampling."""

    def __init__(self, arguments):
        # Imported here, so that the time of the imports is part of the time to the first step.
        import torch
        from diffusers import UNet2DModel

        self.torch = torch
        self.arguments = arguments
        torch.set_num_threads(arguments.threads)
        torch.manual_seed(0)
        with open(arguments.config, encoding="utf-8") as file:
            config = {key: value for key, value in json.load(file).items() if not key.startswith("_")}
        self.memory = torch.channels_last if arguments.channels_last else torch.contiguous_format
        if arguments.runtime == "freeze":
            import torch._inductor.config
            torch._inductor.config.freezing = True
        self.model = UNet2DModel(**config).to(memory_format=self.memory)
        size = arguments.size or self.model.config.sample_size
        if size is None:
            raise SystemExit("the configuration has no sample_size: pass --size")
        sides = [size, size] if isinstance(size, int) else list(size) * (2 if len(size) == 1 else 1)
        self.channels = self.model.config.in_channels
        self.shape = [arguments.batch, self.channels, *sides]
        self.network = self.evaluator()

    def evaluator(self):
        """Returns a function of (x, time steps, labels) that evaluates the network by the chosen runtime."""
        torch, arguments = self.torch, self.arguments
        if arguments.mode in ("train", "start") and arguments.runtime not in ("eager", "compile"):
            raise SystemExit(f"{arguments.runtime} cannot train")
        if arguments.runtime in ("openvino", "onnx"):
            return self.exported()
        module = self.model if arguments.runtime == "eager" else torch.compile(self.model, dynamic=False)
        return lambda x, time_steps, labels: module(x, time_steps, class_labels=labels).sample

    def exported(self):
        torch, arguments = self.torch, self.arguments
        if self.labels() is not None:
            raise SystemExit("a class-conditional network cannot be exported here")
        self.model.eval()
        example = (torch.zeros(self.shape), torch.zeros(arguments.batch))
        if arguments.runtime == "openvino":
            import openvino
            core = openvino.Core()
            converted = openvino.convert_model(self.model, example_input=example)
            kind = {"f32": "f32", "bf16": "bf16"}[arguments.precision]
            options = {"INFERENCE_PRECISION_HINT": kind, "INFERENCE_NUM_THREADS": arguments.threads, "PERFORMANCE_HINT": "LATENCY"}
            compiled = core.compile_model(converted, "CPU", options)
            return lambda x, time_steps, _: torch.from_numpy(
                compiled([x.numpy(), time_steps.float().expand(x.shape[0]).numpy()])[0])
        if arguments.precision != "f32":
            raise SystemExit("ONNX Runtime has no bf16 on a CPU")
        import onnxruntime
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "network.onnx")
            torch.onnx.export(self.model, example, file, input_names=["x", "t"], dynamo=True)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = arguments.threads
            session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        names = [given.name for given in session.get_inputs()]
        return lambda x, time_steps, _: torch.from_numpy(
            session.run(None, dict(zip(names, [x.numpy(), time_steps.float().expand(x.shape[0]).numpy()])))[0])

    def autocast(self):
        if self.arguments.precision == "bf16":
            return self.torch.autocast("cpu", self.torch.bfloat16)
        return contextlib.nullcontext()

    def labels(self):
        rows = self.model.config.num_class_embeds
        return None if rows is None else self.torch.randint(rows, (self.arguments.batch,))

    def predict(self, x, time_steps, labels):
        """The predicted noise; a learned variance's channels come after it."""
        with self.autocast():
            return self.network(x, time_steps, labels)[:, : self.channels].float()


def training_step(setting):
    """Returns a function that makes one training step."""
    import torch
    from diffusers import DDPMScheduler

    model = setting.model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    average = [p.detach().clone() for p in parameters]
    form = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False}}
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, **form[setting.arguments.optimizer])
    levels = DDPMScheduler(num_train_timesteps=setting.model.config.num_train_timesteps or 1000)
    images = torch.rand(setting.shape) * 2 - 1

    def step():
        noise = torch.randn(setting.shape)
        time_steps = torch.randint(levels.config.num_train_timesteps, (setting.arguments.batch,))
        noisy = levels.add_noise(images, noise, time_steps).contiguous(memory_format=setting.memory)
        loss = torch.nn.functional.mse_loss(setting.predict(noisy, time_steps, setting.labels()), noise)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(average, parameters, 1 - EMA_DECAY)
        return loss.item()

    return step


def sampling_step(setting):
    """Returns a function that makes one sampling step, for as many steps as are measured."""
    import torch
    from diffusers import DDIMScheduler

    setting.model.eval()
    n_steps = setting.arguments.steps + setting.arguments.warmup
    scheduler = DDIMScheduler(num_train_timesteps=setting.model.config.num_train_timesteps or max(1000, n_steps))
    scheduler.set_timesteps(n_steps)
    labels = setting.labels()
    levels = itertools.cycle(scheduler.timesteps)
    x = torch.randn(setting.shape).contiguous(memory_format=setting.memory)

    @torch.no_grad()
    def step():
        nonlocal x
        level = next(levels)
        x = scheduler.step(setting.predict(x, level, labels), level, x).prev_sample.clamp(-4, 4)

    return step


def bound(setting):
    """Returns a function that evaluates one image at 1,000 levels."""
    import torch
    from diffusers import DDPMScheduler

    setting.model.eval()
    levels, batch = DDPMScheduler(num_train_timesteps=1000), setting.arguments.batch
    image, labels = torch.zeros(setting.shape), setting.labels()

    @torch.no_grad()
    def run():
        terms = []
        for first in range(0, 1000, batch):
            time_steps = torch.arange(first, first + batch).clamp(max=999)
            noise = torch.randn(setting.shape)
            noisy = levels.add_noise(image, noise, time_steps)
            terms.append((setting.predict(noisy, time_steps, labels) - noise).square().mean(dim=(1, 2, 3)))
        return torch.cat(terms)[:1000].sum().item()

    return run


def main():
    arguments = parse()
    setting = Setting(arguments)
    makers = {"sample": sampling_step, "likelihood": bound}
    step = makers.get(arguments.mode, training_step)(setting)
    if arguments.mode == "start":
        print(json.dumps({"seconds": [time.time() - arguments.started_at]}))
        return
    def measure():
        began = time.perf_counter()
        step()
        return time.perf_counter() - began

    def report():
        seconds = [measure() for _ in range(arguments.steps)]
        print(json.dumps({"img_per_s_median": arguments.batch / statistics.median(seconds), "seconds": seconds}), flush=True)

    for _ in range(arguments.warmup):
        step()
    if not arguments.serve:
        return report()
    print("ready", flush=True)
    for _ in sys.stdin:
        report()


if __name__ == "__main__":
    main()
