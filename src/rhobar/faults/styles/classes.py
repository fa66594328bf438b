"""Scripts around objects: a Trainer, and mixed precision with a configuration."""

from rhobar.faults.styles.style import Style

__all__ = ["MIXED", "TRAINER"]

TRAINER = Style(
    "trainer",
    '''\
"""<<about>>"""
<<imports>>


<<model>>


class Trainer:
    def __init__(self, model, criterion, optimizer):
        self.model = model
        self.criterion = criterion
        self.optimizer = optimizer
        self.log = []

    def fit(self, x_train, y_train, x_valid, y_valid, epochs):
        model, criterion, optimizer = self.model, self.criterion, self.optimizer
        <<define_scheduler>>
        <<make_batches>>
        <<prologue>>
        for epoch in range(epochs):
            <<train_mode>>
            <<begin_epoch>>
            total = 0.0
            for <<each_batch>>:
                <<take>>
                out = <<call>>
                loss = criterion(out, yb)<<penalty>>
                <<zero>>
                <<backward>>
                <<clip>>
                <<step>>
                <<each_step>>
                total += loss.item() * len(yb) / len(x_train)
            <<end_epoch>>
            valid_loss, score = self.validate(x_valid, y_valid)
            self.log.append((total, valid_loss, score))
            print("%3d  loss %.4f  val_loss %.4f  val_score %.4f" % (epoch, total, valid_loss, score))

    @torch.no_grad()
    def validate(self, x_valid, y_valid):
        model, criterion = self.model, self.criterion
        <<eval_mode>>
        <<predict_valid>>
        return criterion(out, y_valid).item(), <<metric>>


def get_data():
    <<data>>
    return x_train, y_train, x_valid, y_valid


torch.manual_seed(<<seed>>)
np.random.seed(<<seed>>)
arrays = get_data()
<<build>>
<<init>>
<<define_loss>>
<<define_optimizer>>
Trainer(model, criterion, optimizer).fit(*arrays, epochs=<<epochs>>)
''',
)

MIXED = Style(
    "mixed",
    '''\
"""<<about>>"""
<<imports>>

torch.manual_seed(<<seed>>)
np.random.seed(<<seed>>)


@dataclass
class Config:
    <<settings>>


cfg = Config()


<<model>>


<<data>>
<<make_batches>>
<<build>>
<<init>>
<<define_loss>>
<<define_optimizer>>
<<define_scheduler>>
scaler = torch.amp.GradScaler("cpu", enabled=False)
<<prologue>>
for epoch in range(<<epochs>>):
    <<train_mode>>
    <<begin_epoch>>
    epoch_loss = torch.zeros(())
    for <<each_batch>>:
        <<take>>
        <<zero>>
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = <<call>>.float()
            loss = criterion(out, yb)<<penalty>>
        <<backward>>
        <<clip>>
        <<step>>
        scaler.update()
        <<each_step>>
        epoch_loss += loss.detach() * len(yb)
    <<end_epoch>>
    <<eval_mode>>
    with torch.no_grad():
        <<predict_valid>>
        valid_loss = criterion(out, y_valid).item()
        score = <<metric>>
    print(f"{epoch + 1}/{<<epochs>>} loss={epoch_loss.item() / len(x_train):.4f} val={valid_loss:.4f} is {score:.4f}")
''',
    imports="from dataclasses import dataclass",
    setting="cfg.{name}",
    define="{name}: {kind} = {value}",
    slots={"backward": "scaler.scale(loss).backward()", "step": "scaler.step(optimizer)"},
)
