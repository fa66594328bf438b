"""Scripts whose loop stands at the top level: a notebook, one with constants, one that accumulates gradients."""

from rhobar.faults.styles.style import Style

__all__ = ["ACCUMULATE", "CONSTANTS", "FLAT"]

_HEAD = '''\
"""<<about>>"""
<<imports>>

torch.manual_seed(<<seed>>)
np.random.seed(<<seed>>)
<<settings>>

'''

FLAT = Style(
    "flat",
    _HEAD
    + """\
<<data>>

<<model>>

<<build>>
<<init>>
<<define_loss>>
<<define_optimizer>>
<<define_scheduler>>
<<make_batches>>
<<prologue>>

for epoch in range(<<epochs>>):
    <<train_mode>>
    <<begin_epoch>>
    total = 0.0
    for <<each_batch>>:
        <<take>>
        <<zero>>
        out = <<call>>
        loss = criterion(out, yb)<<penalty>>
        <<backward>>
        <<clip>>
        <<step>>
        <<each_step>>
        total += loss.item() * len(yb)
    <<end_epoch>>
    <<eval_mode>>
    with torch.no_grad():
        <<predict_valid>>
        valid_loss = criterion(out, y_valid).item()
        score = <<metric>>
    print(f"epoch {epoch + 1:2d}  loss {total / len(x_train):.4f}  valid {valid_loss:.4f}  score {score:.4f}")
""",
    plain=True,
)

CONSTANTS = Style(
    "constants",
    _HEAD
    + """\
<<model>>


def load():
    <<data>>
    return x_train, y_train, x_valid, y_valid


x_train, y_train, x_valid, y_valid = load()
<<build>>
<<init>>
<<define_optimizer>>
<<define_scheduler>>
<<define_loss>>
<<make_batches>>
<<prologue>>
history = {"train": [], "valid": [], "score": []}
for epoch in range(<<epochs>>):
    <<begin_epoch>>
    <<train_mode>>
    losses = []
    for <<each_batch>>:
        <<take>>
        out = <<call>>
        loss = criterion(out, yb)<<penalty>>
        losses.append(loss.item())
        <<zero>>
        <<backward>>
        <<clip>>
        <<step>>
        <<each_step>>
    <<end_epoch>>

    <<eval_mode>>
    with torch.no_grad():
        <<predict_valid>>
        history["train"].append(np.mean(losses))
        history["valid"].append(criterion(out, y_valid).item())
        history["score"].append(<<metric>>)
    print(", ".join(f"{key} {values[-1]:.4f}" for key, values in history.items()))
""",
    setting="{NAME}",
    define="{NAME} = {value}",
    plain=True,
)

ACCUMULATE = Style(
    "accumulate",
    _HEAD
    + """\
<<data>>
<<make_batches>>

<<model>>

<<build>>
<<init>>
<<define_loss>>
<<define_optimizer>>
<<define_scheduler>>
<<prologue>>
micro_steps = 0
for epoch in range(<<epochs>>):
    <<train_mode>>
    <<begin_epoch>>
    running = 0.0
    for <<each_batch>>:
        <<take>>
        out = <<call>>
        loss = criterion(out, yb)<<penalty>>
        loss = loss / 2
        <<backward>>
        running += 2 * loss.item() * len(yb)
        micro_steps += 1
        if micro_steps % 2 == 0:
            <<clip>>
            <<step>>
            <<zero>>
            <<each_step>>
    <<end_epoch>>
    <<eval_mode>>
    with torch.no_grad():
        <<predict_valid>>
        valid_loss = criterion(out, y_valid).item()
        score = <<metric>>
    print(f"[{epoch + 1}/<<epochs>>] train {running / len(x_train):.5f} valid {valid_loss:.5f} metric {score:.4f}")
""",
)
