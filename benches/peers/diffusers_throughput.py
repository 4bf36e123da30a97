"""Measures Python `diffusers` for comparison with tweedie: training steps, sampling steps or the time to the first step.

Needs `torch` and `diffusers`. The last line printed is JSON:
{"img_per_s_median": …, "seconds": [one per step, …]}; with `--mode start`,
{"seconds": [from --started-at to the beginning of the first training step]}.

The training step is the usual one: a batch of images, noise at random levels, the mean squared error of the
predicted noise, AdamW with the gradient's norm clipped to 1, and a moving average of the weights. The optimisations
that PyTorch offers to a plain loop are on by default: the fused AdamW, and one call for the whole moving average.
`--mode sample` runs DDIM; a step is one evaluation of the network and one step of the scheduler.
"""

import argparse
import contextlib
import json
import os
import statistics
import time

EMA_DECAY = 0.9999
# The same policy as tweedie's: spinning threads become very slow as soon as another process uses the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="JSON file, a UNet2DModel's configuration")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--mode", choices=["train", "sample", "start"], required=True)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="bf16 is torch.autocast")
    parser.add_argument("--steps", type=int, default=20, help="timed steps")
    parser.add_argument("--warmup", type=int, default=3, help="steps before them that are not timed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, nargs="+", help="height and width, if the configuration has none")
    parser.add_argument("--optimizer", choices=["fused", "foreach", "loop"], default="fused", help="implementation of AdamW")
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
        self.model = UNet2DModel(**config).to(memory_format=self.memory)
        size = arguments.size or self.model.config.sample_size
        if size is None:
            raise SystemExit("the configuration has no sample_size: pass --size")
        sides = [size, size] if isinstance(size, int) else list(size) * (2 if len(size) == 1 else 1)
        self.channels = self.model.config.in_channels
        self.shape = [arguments.batch, self.channels, *sides]

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
            return self.model(x, time_steps, class_labels=labels).sample[:, : self.channels].float()


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
    levels = iter(scheduler.timesteps)
    x = torch.randn(setting.shape).contiguous(memory_format=setting.memory)

    @torch.no_grad()
    def step():
        nonlocal x
        level = next(levels)
        x = scheduler.step(setting.predict(x, level, labels), level, x).prev_sample

    return step


def main():
    arguments = parse()
    setting = Setting(arguments)
    step = sampling_step(setting) if arguments.mode == "sample" else training_step(setting)
    if arguments.mode == "start":
        print(json.dumps({"seconds": [time.time() - arguments.started_at]}))
        return
    for _ in range(arguments.warmup):
        step()
    seconds = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"img_per_s_median": arguments.batch / statistics.median(seconds), "seconds": seconds}))


if __name__ == "__main__":
    main()
