"""The program of char_lstm.rs in PyTorch: same sizes, steps and windows of text in the same order.

    python char_lstm.py ../shared/data/tinyshakespeare/input.txt
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from windows import Text

BATCH, LENGTH = 32, 64
RATE, STEPS = 0.006, 380


class Writer(nn.Module):
    def __init__(self, characters):
        super().__init__()
        self.embedding = nn.Embedding(characters, 64)
        self.memory = nn.LSTM(64, 256, batch_first=True)
        self.output = nn.Linear(256, characters)

    def forward(self, x, state=None):
        features, state = self.memory(self.embedding(x), state)
        return self.output(features), state


def main():
    torch.manual_seed(1)
    text = Text(sys.argv[1])
    model = Writer(len(text.alphabet))
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    started = time.perf_counter()
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        x, y = text.batch(step, BATCH, LENGTH)
        loss = F.cross_entropy(model(x)[0].flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step:>4}  loss {loss.item():.4f}", flush=True)
    loss = text.validate(lambda x: model(x)[0], BATCH, LENGTH)
    seconds = time.perf_counter() - started
    print(f"validation loss {loss:.4f} after {STEPS} steps in {seconds:.1f} s\n")

    written, state, last = [], None, torch.zeros(1, 1, dtype=torch.long)
    with torch.no_grad():
        for _ in range(400):
            logits, state = model(last, state)
            last = torch.multinomial((logits[0, -1] / 0.8).softmax(-1), 1)[None]
            written.append(text.alphabet[last.item()])
    print("".join(written))


if __name__ == "__main__":
    main()
