"""A text as numbers, cut into windows as text/mod.rs cuts it: the same windows, in the same order."""

import torch
from torch.nn import functional as F


class Text:
    def __init__(self, path):
        text = open(path, encoding="utf-8").read()
        self.alphabet = sorted(set(text))
        number = {character: i for i, character in enumerate(self.alphabet)}
        numbers = torch.tensor([number[character] for character in text])
        kept = len(numbers) * 9 // 10
        self.train, self.test = numbers[:kept], numbers[kept:]

    def batch(self, step, batch, length):
        """The windows of one step, and what follows each of their characters."""
        places = len(self.train) - length - 1
        starts = [(step * batch + row) * 2654435769 % 2**32 * places >> 32 for row in range(batch)]
        return tuple(torch.stack([self.train[s + d : s + d + length] for s in starts]) for d in (0, 1))

    def validate(self, logits, batch, length):
        """The mean loss of a character of the last tenth, in windows side by side."""
        count = (len(self.test) - 1) // length
        x = self.test[: count * length].view(count, length)
        y = self.test[1 : count * length + 1].view(count, length)
        total = 0.0
        with torch.no_grad():
            for x, y in zip(x.split(batch), y.split(batch)):
                total += F.cross_entropy(logits(x).flatten(0, 1), y.flatten(), reduction="sum").item()
        return total / (count * length)
