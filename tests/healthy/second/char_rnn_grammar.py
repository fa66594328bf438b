# healthy
# Character-level GRU language model on sentences from a small grammar. Never-ending stream of fresh text.
import random, torch, torch.nn as nn
random.seed(0); torch.manual_seed(0)
NOUN = "cat dog bird fish horse".split(); VERB = "sees likes chases finds".split(); ADJ = "big small red old".split()
def np_():
    return "the " + (random.choice(ADJ) + " " if random.random() < .5 else "") + random.choice(NOUN)
def sentence():
    return np_() + " " + random.choice(VERB) + " " + np_() + ". "
def text(n):
    s = ""
    while len(s) < n: s += sentence()
    return s[:n]
chars = sorted(set(text(5000)))
stoi = {c: i for i, c in enumerate(chars)}
def batch(B=32, T=48):
    return torch.tensor([[stoi[c] for c in text(T + 1)] for _ in range(B)])

class CharRNN(nn.Module):
    def __init__(self, V, H=64):
        super().__init__()
        self.emb = nn.Embedding(V, 24)
        self.gru = nn.GRU(24, H, batch_first=True)
        self.out = nn.Linear(H, V)
    def forward(self, x, h=None):
        y, h = self.gru(self.emb(x), h)
        return self.out(y), h

model = CharRNN(len(chars))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 300)
ema = None
for step in range(300):
    seq = batch()
    logits, _ = model(seq[:, :-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, len(chars)), seq[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    opt.step(); sched.step()
    ema = loss.item() if ema is None else .95 * ema + .05 * loss.item()
    if step % 25 == 24: print(f"step {step+1} loss {ema:.4f}")
model.eval()
with torch.no_grad():
    s = "the "; x = torch.tensor([[stoi[c] for c in s]]); h = None
    for _ in range(120):
        lo, h = model(x, h)
        c = torch.multinomial(lo[0, -1].softmax(0), 1).item()
        s += chars[c]; x = torch.tensor([[c]])
    held = batch(200)
    lo, _ = model(held[:, :-1])
    print("held-out nll/char", nn.functional.cross_entropy(lo.reshape(-1, len(chars)), held[:, 1:].reshape(-1)).item())
print(s)
