"""Learns the room gate's network from the scenes that the Go program beside it draws.

usage: learn.py SCENES VALIDATION MODEL [--minutes N] [--threads N] [--start STATE]

SCENES is read again and again while it learns, so the scenes may be drawn at the
same time. MODEL is written as privacy/sound/net reads it: the mean of the last
steps, at whichever time it was best over VALIDATION. Needs PyTorch 1.13 or later,
on a CPU.
"""
import argparse
import glob
import math
import struct
import time

import numpy as np
import torch
from torch import nn

BANDS, FEATURES, WINDOWS = 44, 98, 600
OUT = BANDS + 2  # of one mode: gains, the person speaks, somebody else does
LAGS = (1, 3)  # windows that near and strict look ahead
ROW = FEATURES + OUT
SIZES = (96, 176, 128)  # front layer, first and second recurrent layer


class Scenes:
    """The files of a folder, or of several with commas between them; they stay on
    disk. From the last folder comes every second scene, however few it has."""

    def __init__(self, folders):
        self.folders = {f: {} for f in folders.split(",")}
        self.refresh()

    def refresh(self):
        for folder, files in self.folders.items():
            for name in sorted(glob.glob(folder + "/*.f16")):
                if name not in files:
                    files[name] = np.memmap(name, "<f2", "r").reshape(-1, WINDOWS, ROW)
        self.parts = [f for files in self.folders.values() for f in files.values()]
        self.last = list(self.folders[list(self.folders)[-1]].values())

    def batch(self, rng, n, length):
        rows = np.empty((n, length, ROW), np.float32)
        for i in range(n):
            of = self.last if len(self.folders) > 1 and rng.random() < 0.5 else self.parts
            part = of[rng.integers(len(of))]
            start = rng.integers(WINDOWS - length + 1)
            rows[i] = part[rng.integers(len(part)), start : start + length]
        return torch.from_numpy(rows)


class Net(nn.Module):
    def __init__(self, mean, inverse):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("inverse", inverse)
        front, one, two = SIZES
        self.some = nn.Dropout(0.15)
        self.front = nn.Linear(FEATURES, front)
        self.one = nn.GRU(front, one, batch_first=True)
        self.two = nn.GRU(one, two, batch_first=True)
        self.last = nn.Linear(one + two, OUT * len(LAGS))
        with torch.no_grad():
            for gru in (self.one, self.two):
                h = gru.hidden_size
                gru.bias_ih_l0[h : 2 * h] += 1  # the update gate begins by keeping
                for k in range(3):
                    nn.init.orthogonal_(gru.weight_hh_l0[k * h : (k + 1) * h])

    def forward(self, x):
        x = ((x - self.mean) * self.inverse).clamp(-6, 6)
        one, _ = self.one(self.some(torch.tanh(self.front(x))))
        one = self.some(one)
        two, _ = self.two(one)
        two = self.some(two)
        return self.last(torch.cat((one, two), 2))


def blurred(x):
    """The features as if the person had been measured a little otherwise, so that no
    voice is known by heart."""
    n = x.shape[0]
    steps = torch.randn(n, 1, 8) * 0.12  # 2.4 dB, smooth over the bands
    off = nn.functional.interpolate(steps, size=BANDS, mode="linear", align_corners=True)
    cues = torch.randn(n, 1, 4) * 0.05
    x = x.clone()
    x[:, :, :BANDS] += off
    x[:, :, 2 * BANDS + 4 : 2 * BANDS + 8] += cues
    return x + torch.randn_like(x) * 0.05


def begin(near):
    """1 in the first 60 ms after at least 150 ms in which the person did not speak."""
    before = nn.functional.pad(near, (21, 0))[:, : near.shape[1] + 15]
    silent = 1 - nn.functional.max_pool1d(before[:, None], 15, 1)[:, 0, : near.shape[1]]
    return near * silent


def losses(logits, rows, tilt, care=0):
    """One loss for each scene: how far what is heard is from what should be, as a
    compressed amplitude, and how wrong the two decisions are. Care makes beginnings of
    words, and two voices at once, weigh more."""
    total = 0
    for i, lag in enumerate(LAGS):
        y = logits[:, lag:, i * OUT : (i + 1) * OUT]
        r = rows[:, : rows.shape[1] - lag]
        level = (r[:, :, :BANDS] * 20).clamp(-60, 25)
        want = r[:, :, FEATURES : FEATURES + BANDS]
        got = torch.sigmoid(y[:, :, :BANDS])
        size = 10 ** (level * 0.4 / 20)
        a, b = size * (got + 0.01) ** 0.4, size * (want + 0.01) ** 0.4
        error = (a - b) ** 2
        error = torch.where(a < b, error * tilt, error).mean(2)
        loud = 10 ** (level * 0.7 / 20)  # and as it is, which is what two voices at once need
        error = error + 0.3 * (loud * (got - want)).clamp(-5, 5).square().mean(2)
        near, other = r[:, :, FEATURES + BANDS], r[:, :, FEATURES + BANDS + 1]
        begins = begin(near) if care else 0 * near
        error = (error * (1 + care * near * other + care * begins)).mean(1)
        # what the person says counts by its level, what is let through by its own
        own = (size * want ** 0.4).mean(2)
        weight = torch.where(near > 0.5, own.clamp(0.1, 1) * 1.5, size.mean(2).clamp(0.1, 1.5))
        weight = weight * (1 + 2 * care * begins)
        decide = nn.functional.binary_cross_entropy_with_logits(y[:, :, BANDS], near, reduction="none")
        beside = nn.functional.binary_cross_entropy_with_logits(y[:, :, BANDS + 1], other, reduction="none")
        total = total + error + 0.25 * (weight * decide).mean(1) + 0.02 * beside.mean(1)
    return total


@torch.no_grad()
def judge(net, scenes):
    """What the decision alone lets through of others, in dB and as share of the
    windows, and which share of the person's it cuts; for each lag."""
    out = []
    rows = torch.from_numpy(np.concatenate(scenes.parts).astype(np.float32))
    logits = torch.cat([net(r[:, :, :FEATURES]) for r in rows.split(64)])
    loss = losses(logits, rows, 1.5).mean().item()
    for i, lag in enumerate(LAGS):
        y, r = logits[:, lag:, i * OUT : (i + 1) * OUT], rows[:, : rows.shape[1] - lag]
        power = (10 ** (r[:, :, :BANDS] * 2)).sum(2)  # relative to the reference, each band alike
        gain = torch.sigmoid(y[:, :, :BANDS])
        left = ((10 ** (r[:, :, :BANDS] * 2)) * gain**2).sum(2)
        near, other = r[:, :, FEATURES + BANDS] > 0.5, r[:, :, FEATURES + BANDS + 1] > 0.5
        alone = other & ~near
        mine = near & ((power * r[:, :, FEATURES : FEATURES + BANDS].pow(2).mean(2)) > 0.05 * BANDS)
        line = []
        for level in (0.2, 0.5, 0.8):
            opened = torch.sigmoid(y[:, :, BANDS]) > level
            had, has = (power * alone).sum(1), (left * (alone & opened)).sum(1)
            some = had > 1
            lowered = -10 * torch.log10(has[some] / had[some] + 1e-7)
            cut = (mine & ~opened).sum() / mine.sum()
            line.append("%.1f/%.1f dB %.2f%%" % (lowered.mean(), lowered.quantile(0.1), 100 * cut))
        want = r[:, :, FEATURES : FEATURES + BANDS]
        kept = (gain.clamp(0, 1) / want.clamp(0.05))[mine].clamp(0, 1).log10().mean() * 20
        out.append("lag %d: %s kept %.2f dB" % (lag, "  ".join(line), kept))
    return loss, out


def save(net, path):
    def gates(w):  # PyTorch has r, z, n in rows; the file z, r, n in columns
        r, z, n = w.detach().numpy().reshape(3, -1, *w.shape[1:])
        return np.concatenate((z, r, n)).T

    front, one, two = SIZES
    parts = [net.mean, net.inverse, net.front.weight.detach().numpy().T, net.front.bias.detach()]
    for gru in (net.one, net.two):
        parts += [gates(w) for w in (gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0)]
    parts += [net.last.weight.detach().numpy().T, net.last.bias.detach()]
    with open(path, "wb") as f:
        f.write(b"PVGATE01" + struct.pack("<5I", FEATURES, front, one, two, OUT * len(LAGS)))
        for p in parts:
            f.write(np.ascontiguousarray(np.asarray(p), "<f4").tobytes())


def kept(net, held, path, best, when):
    """Judges net, and keeps it if it is better than best. Returns its loss."""
    loss, lines = judge(net, held)
    print("%s held out %.4f\n  %s" % (when, loss, "\n  ".join(lines)), flush=True)
    if loss < best:
        save(net, path)
        torch.save(net.state_dict(), path + ".mean")
    return loss


def main():
    a = argparse.ArgumentParser()
    a.add_argument("scenes")
    a.add_argument("validation")
    a.add_argument("model")
    a.add_argument("--minutes", type=float, default=60)
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--start", default="")
    a.add_argument("--rate", type=float, default=2e-3)
    a.add_argument("--tilt", type=float, default=2.5)
    a.add_argument("--care", type=float, default=0.7)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    torch.set_flush_denormal(True)
    rng = np.random.default_rng(1)
    scenes, held = Scenes(a.scenes), Scenes(a.validation)
    some = scenes.batch(rng, 256, WINDOWS)[:, :, :FEATURES].reshape(-1, FEATURES)
    net = Net(some.mean(0), 1 / (some.std(0) + 1e-3))
    if a.start:
        net.load_state_dict(torch.load(a.start))
    mean = Net(net.mean, net.inverse)  # of the last steps, which is what is kept
    mean.load_state_dict(net.state_dict())
    mean.eval()
    print("weights", sum(p.numel() for p in net.parameters()), "files", len(scenes.parts), flush=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=a.rate, betas=(0.9, 0.99), weight_decay=0.05)
    began, step, seen, best = time.time(), 0, [], math.inf
    while (done := (time.time() - began) / 60 / a.minutes) < 1:
        rows = scenes.batch(rng, 48, 450)
        for group in optimizer.param_groups:
            group["lr"] = a.rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)
        each = losses(net(blurred(rows[:, :, :FEATURES])), rows, a.tilt, a.care)
        worst = (each / each.mean()).detach().clamp(0.25, 5) ** 0.6  # the hard scenes teach most
        loss = (each * worst).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()
        step += 1
        seen.append(each.mean().item())
        with torch.no_grad():
            keep = min(0.998, 1 - 1 / step)
            for p, q in zip(mean.parameters(), net.parameters()):
                p.mul_(keep).add_(q, alpha=1 - keep)
        if step % 50 == 0:
            scenes.refresh()
        if step % 200 == 0:
            best = min(best, kept(mean, held, a.model, best, "step %d, %.0f min, files %d: learned %.4f" % (step, done * a.minutes, len(scenes.parts), np.mean(seen))))
            seen = []
            torch.save(net.state_dict(), a.model + ".state")
    kept(mean, held, a.model, best, "step %d, the end:" % step)


if __name__ == "__main__":
    main()
