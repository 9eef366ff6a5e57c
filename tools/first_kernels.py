"""Train two small networks and keep the kernels of their first layers: `python tools/first_kernels.py`.

The kernel playground lays them over a photograph. They come from the book's LeNet-5 on MNIST (grey) and from its
simplified VGG at a quarter of the channels on CIFAR-10 (colour), both on pictures scaled to 0 to 1, as the playground
scales its own. The data root must hold both data sets (`cnnlib fetch mnist cifar10`); on two cores it takes minutes.
Writes cnnlib/widgets/assets/first_kernels.json: the weights, and what they depend on.
"""

import json
from dataclasses import asdict
from pathlib import Path

from cnnlib import data, devices, models, train
from cnnlib.circumstances import circumstances

TARGET = Path(__file__).resolve().parents[1] / "cnnlib" / "widgets" / "assets" / "first_kernels.json"
SEED = 0
NETS = {
    # name: settings, data set, recipe
    "lenet5": ({}, "mnist", train.Recipe(epochs=3, batch_size=64, lr=0.02, momentum=0.9)),
    "vgg_0503": (
        {"width": 0.25},
        "cifar10",
        train.Recipe(
            epochs=3, batch_size=128, optimizer="adam", lr=0.003, weight_decay=0.0005, schedule="onecycle", crop=4,
            flip=True,
        ),
    ),
}  # fmt: skip


def main():
    """Train both, write the asset, say what was written."""
    nets = {name: learned(name, *rest) for name, rest in NETS.items()}
    about = circumstances(devices.device("cpu"))
    text = {"nets": nets, "seed": SEED, **{key: about[key] for key in ("versions", "hardware", "date")}}
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(text, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def learned(name, settings, dataset_name, recipe):
    """Return one network's first kernels (filter, channel, row, column) and where they come from."""
    dataset = data.load(dataset_name, fallback=False)
    devices.set_seed(SEED)
    model = models.build(name, **settings)
    train.fit(model, dataset, recipe, seed=SEED, device="cpu")
    accuracy = train.evaluate(model, dataset, recipe, device="cpu").accuracy
    print(f"{name} on {dataset.title}: {accuracy:.2%} of the test pictures right")
    weight = next(p for p in model.parameters() if p.dim() == 4)
    return {
        "title": models.card(name).title,
        "settings": settings,
        "data": dataset.title,
        "fingerprint": dataset.fingerprint,
        "recipe": {key: value for key, value in asdict(recipe).items() if value != getattr(train.Recipe(), key)},
        "accuracy": round(accuracy, 4),
        "weights": [[[[round(w, 4) for w in row] for row in k] for k in f] for f in weight.detach().tolist()],
    }


if __name__ == "__main__":
    main()
