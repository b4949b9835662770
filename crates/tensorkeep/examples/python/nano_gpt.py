"""The program of nano_gpt.rs in PyTorch: same sizes, steps and windows of text in the same order.

    python nano_gpt.py ../shared/data/tinyshakespeare/input.txt
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from windows import Text

BATCH, LENGTH = 12, 64
BLOCKS, FEATURES, HEADS = 4, 128, 4
RATE, WARM_UP, STEPS = 0.003, 50, 450


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(FEATURES), nn.LayerNorm(FEATURES)])
        self.qkv = nn.Linear(FEATURES, 3 * FEATURES)
        self.mix = nn.Linear(FEATURES, FEATURES)
        self.wide = nn.Linear(FEATURES, 4 * FEATURES)
        self.narrow = nn.Linear(4 * FEATURES, FEATURES)

    def forward(self, x):
        batch, length, _ = x.shape
        qkv = self.qkv(self.norms[0](x)).view(batch, length, 3, HEADS, FEATURES // HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(y.transpose(1, 2).reshape(batch, length, FEATURES))
        return x + self.narrow(F.gelu(self.wide(self.norms[1](x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, characters):
        super().__init__()
        self.characters = nn.Embedding(characters, FEATURES)
        self.places = nn.Embedding(LENGTH, FEATURES)
        self.blocks = nn.Sequential(*[Block() for _ in range(BLOCKS)])
        self.norm = nn.LayerNorm(FEATURES)
        self.output = nn.Linear(FEATURES, characters, bias=False)
        for name, parameter in self.named_parameters():
            if "norm" in name:
                continue
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            else:
                added = name.endswith(("mix.weight", "narrow.weight"))
                nn.init.normal_(parameter, std=0.02 / (2 * BLOCKS) ** 0.5 if added else 0.02)

    def forward(self, x):
        x = self.characters(x) + self.places.weight[: x.shape[1]]
        return self.output(self.norm(self.blocks(x)))


def main():
    torch.manual_seed(1)
    text = Text(sys.argv[1])
    model = Gpt(len(text.alphabet))
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    started = time.perf_counter()
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min((step + 1) / WARM_UP, 1 - step / STEPS)
        x, y = text.batch(step, BATCH, LENGTH)
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step:>4}  loss {loss.item():.4f}", flush=True)
    loss = text.validate(model, BATCH, LENGTH)
    seconds = time.perf_counter() - started
    print(f"validation loss {loss:.4f} after {STEPS} steps in {seconds:.1f} s\n")

    written = torch.zeros(1, 1, dtype=torch.long)
    with torch.no_grad():
        for _ in range(400):
            logits = model(written[:, -LENGTH:])[0, -1] / 0.8
            written = torch.cat([written, torch.multinomial(logits.softmax(-1), 1)[None]], 1)
    print("".join(text.alphabet[i] for i in written[0].tolist()))


if __name__ == "__main__":
    main()
