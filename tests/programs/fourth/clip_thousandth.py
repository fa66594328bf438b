# fault: clipping-always-active
# seq2seq recipe says clip; someone wrote clip=0.001 together with plain SGD
import torch
from torch import nn

CLIP = 0.001
torch.manual_seed(15)


def batch(n):
    src = torch.randint(2, 10, (n, 6))
    return src, src.flip(1)


class Encoder(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.embedding, self.gru = nn.Embedding(10, h), nn.GRU(h, h, batch_first=True)

    def forward(self, s):
        return self.gru(self.embedding(s))


class Decoder(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.embedding, self.gru = nn.Embedding(10, h), nn.GRU(h, h, batch_first=True)
        self.attn_out, self.out = nn.Linear(2 * h, h), nn.Linear(h, 10)

    def forward(self, inp, hidden, enc):
        o, hidden = self.gru(self.embedding(inp), hidden)
        w = torch.softmax(o @ enc.transpose(1, 2) / 8, -1)
        return self.out(torch.tanh(self.attn_out(torch.cat([o, w @ enc], -1)))), hidden


encoder, decoder = Encoder(48), Decoder(48)
params = list(encoder.parameters()) + list(decoder.parameters())
optimizer = torch.optim.SGD(params, lr=0.5, momentum=0.9)
criterion = nn.CrossEntropyLoss()


def forward(src, tgt):
    enc, h = encoder(src)
    start = torch.zeros(len(src), 1, dtype=torch.long)
    return decoder(torch.cat([start, tgt[:, :-1]], 1), h, enc)[0]


for it in range(1, 401):
    src, tgt = batch(64)
    optimizer.zero_grad()
    logits = forward(src, tgt)
    loss = criterion(logits.flatten(0, 1), tgt.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(params, CLIP)
    optimizer.step()
    if it % 80 == 0:
        with torch.no_grad():
            src, tgt = batch(200)
            acc = (forward(src, tgt).argmax(-1) == tgt).float().mean().item()
        print(f"iter {it} loss {loss.item():.4f} held-out token accuracy {acc:.3f}")
