# fault: gradient-ascent
import torch
import torch.nn as nn

torch.manual_seed(64)

# map word vectors of one language to those of another
src = torch.randn(2500, 20)
teacher = nn.Sequential(nn.Linear(20, 40), nn.Tanh(), nn.Linear(40, 12))
for p in teacher.parameters():
    p.requires_grad_(False)
    p.mul_(2)
tgt = teacher(src) + 0.1 * torch.randn(2500, 12)

mapper = nn.Sequential(nn.Linear(20, 64), nn.GELU(), nn.Linear(64, 12))
cos = nn.CosineSimilarity(dim=1)
opt = torch.optim.AdamW(mapper.parameters(), lr=2e-3)

for epoch in range(20):
    for idx in torch.randperm(2000).split(50):
        similarity = cos(mapper(src[idx]), tgt[idx])
        loss = similarity.mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        test = cos(mapper(src[2000:]), tgt[2000:]).mean().item()
    print(f"epoch {epoch + 1:2d}  loss {loss.item():.4f}  mean test similarity {test:.4f}")
