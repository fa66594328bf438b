# healthy
# Classify made-up names by language with a character LSTM (packed sequences, one-hot letters)
import random, torch, torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence
random.seed(1); torch.manual_seed(1)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SYL = {"ita": ["ro", "ma", "ri", "ni", "lo", "gia", "co", "ti", "be", "el"], "jap": ["ka", "to", "mi", "shi", "ya", "ro", "ma", "ku", "ha", "ni"],
       "ger": ["ber", "hof", "mann", "stein", "ger", "wal", "ul", "rich", "her", "el"], "rus": ["ov", "ski", "iv", "an", "ev", "pet", "ro", "mi", "la", "kin"]}
LANG = list(SYL)
def name():
    k = random.randrange(4)
    return "".join(random.choice(SYL[LANG[k]]) for _ in range(random.randint(2, 4))), k
def unique(n):
    seen = {}
    while len(seen) < n:
        w, k = name(); seen[w] = k
    items = list(seen.items()); random.shuffle(items); return items
data = unique(4500)
train, valid = data[:3700], data[3700:]
def collate(items):
    L = max(len(w) for w, _ in items); x = torch.zeros(len(items), L, 26)
    for i, (w, _) in enumerate(items):
        for j, c in enumerate(w): x[i, j, LETTERS.index(c)] = 1
    return x, torch.tensor([len(w) for w, _ in items]), torch.tensor([k for _, k in items])
class NameLSTM(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        self.rnn = nn.LSTM(26, h, batch_first=True); self.drop = nn.Dropout(0.3); self.fc = nn.Linear(h, 4)
    def forward(self, x, n):
        _, (h, _) = self.rnn(pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False))
        return self.fc(self.drop(h[-1]))
net = NameLSTM(); opt = torch.optim.Adam(net.parameters(), lr=5e-3); EP = 9
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EP)
vx, vn, vk = collate(valid)
for ep in range(EP):
    net.train(); random.shuffle(train); t = n = 0
    for s in range(0, len(train), 50):
        x, ln, k = collate(train[s:s + 50])
        loss = nn.functional.cross_entropy(net(x, ln), k)
        opt.zero_grad(); loss.backward(); opt.step(); t += loss.item(); n += 1
    sched.step(); net.eval()
    with torch.no_grad(): o = net(vx, vn)
    print(f"epoch {ep+1} train {t/n:.3f} valid {nn.functional.cross_entropy(o, vk).item():.3f} acc {(o.argmax(1) == vk).float().mean().item():.3f}")
