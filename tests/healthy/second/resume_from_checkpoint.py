# healthy
"""Train, save model + optimizer + scheduler, rebuild everything from the checkpoint, carry on."""
import io
import torch
import torch.nn as nn
from mnist1d.data import make_dataset, get_dataset_args

torch.manual_seed(0)
args = get_dataset_args()
args.num_samples = 5000
args.scale_coeff, args.iid_noise_scale, args.shear_scale = 0.2, 0.01, 0.3      # an easier variant of the set
raw = make_dataset(args)
X, y = torch.tensor(raw["x"], dtype=torch.float32), torch.tensor(raw["y"])
Xv, yv = torch.tensor(raw["x_test"], dtype=torch.float32), torch.tensor(raw["y_test"])


def build():
    net = nn.Sequential(nn.Unflatten(1, (1, 40)), nn.Conv1d(1, 24, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(24, 32, 5, padding=2), nn.ReLU(),
                        nn.MaxPool1d(2), nn.Conv1d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(320, 10))
    opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.02)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
    return net, opt, sched


def epoch_loop(net, opt, sched, epochs):
    for e in epochs:
        net.train()
        t = 0
        for i in torch.randperm(len(X)).split(50):
            loss = nn.functional.cross_entropy(net(X[i]), y[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
            t += loss.item() * len(i) / len(X)
        sched.step()
        net.eval()
        with torch.no_grad():
            o = net(Xv)
        print(f"epoch {e} lr {sched.get_last_lr()[0]:.1e} train {t:.3f} val {nn.functional.cross_entropy(o, yv).item():.3f} acc {(o.argmax(1) == yv).float().mean().item():.3f}")


net, opt, sched = build()
epoch_loop(net, opt, sched, range(0, 7))
buf = io.BytesIO()
torch.save({"net": net.state_dict(), "opt": opt.state_dict(), "sched": sched.state_dict()}, buf)
del net, opt, sched
buf.seek(0)
state = torch.load(buf)
net, opt, sched = build()
net.load_state_dict(state["net"]); opt.load_state_dict(state["opt"]); sched.load_state_dict(state["sched"])
epoch_loop(net, opt, sched, range(7, 14))
