"""Scripts of functions: an epoch a function, closures, a command line with arguments."""

from rhobar.faults.styles.style import Style

__all__ = ["ARGUMENTS", "CLOSURES", "FUNCTIONS"]

FUNCTIONS = Style(
    "functions",
    '''\
"""<<about>>"""
<<imports>>


def load_data():
    <<data>>
    return x_train, y_train, x_valid, y_valid


<<model>>


def train_one_epoch(model, x_train, y_train, criterion, optimizer):
    <<train_mode>>
    <<make_batches>>
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
    return total / len(x_train)


@torch.no_grad()
def evaluate(model, x_valid, y_valid, criterion):
    <<eval_mode>>
    <<predict_valid>>
    return criterion(out, y_valid).item(), <<metric>>


def seed_everything(seed):
    np.random.seed(seed)
    torch.manual_seed(seed)


seed_everything(<<seed>>)
x_train, y_train, x_valid, y_valid = load_data()
<<build>>
<<init>>
<<define_loss>>
<<define_optimizer>>
<<define_scheduler>>
<<prologue>>
for epoch in range(1, <<epochs>> + 1):
    train_loss = train_one_epoch(model, x_train, y_train, criterion, optimizer)
    <<end_epoch>>
    valid_loss, score = evaluate(model, x_valid, y_valid, criterion)
    print(f"Epoch {epoch}: train_loss={train_loss:.4f} val_loss={valid_loss:.4f} val_score={score:.4f}")
''',
)

CLOSURES = Style(
    "closures",
    '''\
"""<<about>>"""
<<imports>>

np.random.seed(<<seed>>)
torch.manual_seed(<<seed>>)

<<model>>


def prepare():
    <<data>>
    return x_train, y_train, x_valid, y_valid


def make_trainer(model, criterion):
    <<define_optimizer>>
    <<define_scheduler>>

    def update(xb, yb):
        <<zero>>
        out = <<call>>
        loss = criterion(out, yb)<<penalty>>
        <<backward>>
        <<clip>>
        <<step>>
        <<each_step>>
        return loss.detach()

    def epoch_end():
        <<end_epoch>>
        return None

    return update, epoch_end


def make_tester(model, criterion, x_valid, y_valid):
    def test():
        <<eval_mode>>
        with torch.no_grad():
            <<predict_valid>>
            return criterion(out, y_valid).item(), <<metric>>

    return test


x_train, y_train, x_valid, y_valid = prepare()
<<build>>
<<init>>
<<define_loss>>
<<prologue>>
update, epoch_end = make_trainer(model, criterion)
test = make_tester(model, criterion, x_valid, y_valid)
<<make_batches>>
for epoch in range(<<epochs>>):
    <<train_mode>>
    <<begin_epoch>>
    losses = []
    for <<each_batch>>:
        <<take>>
        losses.append(update(xb, yb))
    epoch_end()
    valid_loss, score = test()
    print("epoch %d loss %.4f valid %.4f score %.4f" % (epoch, torch.stack(losses).mean(), valid_loss, score))
''',
    plain=True,
)

ARGUMENTS = Style(
    "arguments",
    '''\
"""<<about>>"""
import argparse
<<imports>>

parser = argparse.ArgumentParser()
<<settings>>
parser.add_argument("--seed", type=int, default=<<seed>>)
args = parser.parse_args()


<<model>>


def main():
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)
    <<data>>
    <<make_batches>>
    <<build>>
    <<init>>
    <<define_loss>>
    <<define_optimizer>>
    <<define_scheduler>>
    <<prologue>>
    best = -np.inf
    for epoch in range(<<epochs>>):
        <<train_mode>>
        <<begin_epoch>>
        seen, total = 0, 0.0
        for <<each_batch>>:
            <<take>>
            <<zero>>
            out = <<call>>
            loss = criterion(out, yb)<<penalty>>
            <<backward>>
            <<clip>>
            <<step>>
            <<each_step>>
            seen, total = seen + len(yb), total + loss.item() * len(yb)
        <<end_epoch>>
        <<eval_mode>>
        with torch.no_grad():
            <<predict_valid>>
            valid_loss = criterion(out, y_valid).item()
            score = <<metric>>
        best = max(best, score)
        print(f"{epoch:03d} | train {total / seen:.4f} | valid {valid_loss:.4f} | best {best:.4f} | now {score:.4f}")


if __name__ == "__main__":
    main()
''',
    setting="args.{name}",
    define='parser.add_argument("--{name}", type={kind}, default={value})',
)
