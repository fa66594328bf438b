# healthy
# Text classification from sparse tf-idf vectors with nn.EmbeddingBag(per_sample_weights) semantics written as sparse matmul
import numpy as np, torch, torch.nn as nn
from sklearn.feature_extraction.text import TfidfVectorizer
rng = np.random.default_rng(0); torch.manual_seed(0)
topics = [[f"{t}{i}" for i in range(80)] for t in ("sport", "money", "music", "plant")]
common = [f"word{i}" for i in range(300)]
def doc():
    k = int(rng.integers(0, 4)); n = int(rng.integers(15, 40))
    words = [topics[k][int(min(79, rng.exponential(25)))] if rng.random() < .18 else topics[int(rng.integers(0, 4))][int(rng.integers(0, 80))] if rng.random() < .15 else common[int(rng.integers(0, 300))] for _ in range(n)]
    return " ".join(words), k
docs, labels = zip(*(doc() for _ in range(5000)))
tf = TfidfVectorizer(min_df=3).fit(docs[:4000])
M = tf.transform(docs).tocsr(); y = torch.tensor(labels)
def rows(idx):
    sub = M[idx].tocoo()
    return torch.sparse_coo_tensor(np.vstack([sub.row, sub.col]), sub.data.astype("float32"), sub.shape, check_invariants=False)
class Net(nn.Module):
    def __init__(self, v, h=24):
        super().__init__()
        self.table = nn.Parameter(torch.randn(v, h) * 0.1); self.b = nn.Parameter(torch.zeros(h))
        self.out = nn.Linear(h, 4); self.drop = nn.Dropout(.3)
    def forward(self, s): return self.out(self.drop(torch.relu(torch.sparse.mm(s, self.table) + self.b)))
net = Net(M.shape[1]); opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.3)
sv, yv = rows(np.arange(4000, 5000)), y[4000:]
best, bad = 9, 0
for ep in range(25):
    net.train(); s = 0
    for b in np.array_split(rng.permutation(4000), 63):
        loss = nn.functional.cross_entropy(net(rows(b)), y[b])
        opt.zero_grad(); loss.backward(); opt.step(); s += loss.item() / 63
    net.eval()
    with torch.no_grad(): o = net(sv); v = nn.functional.cross_entropy(o, yv).item()
    print(f"epoch {ep} train {s:.3f} val {v:.3f} acc {(o.argmax(1) == yv).float().mean().item():.3f}")
    if v < best - 2e-3: best, bad = v, 0
    else: bad += 1
    if bad == 3: break
