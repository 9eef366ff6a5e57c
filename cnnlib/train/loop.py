"""The training loop: seven steps, on a GPU when one is present."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.data import Dataset
from cnnlib.devices import device as choose_device
from cnnlib.train import distributed
from cnnlib.train.batches import Batches
from cnnlib.train.compiling import compiled
from cnnlib.train.evaluation import measure
from cnnlib.train.history import History
from cnnlib.train.lookahead import Lookahead
from cnnlib.train.pooled_first import pooled_first
from cnnlib.train.progress import Progress, bar
from cnnlib.train.recipe import Recipe
from cnnlib.train.resuming import Resuming
from cnnlib.train.tiny_maps import TinyMaps
from cnnlib.train.watch import Watch
from cnnlib.train.whitening import whiten

AUXILIARY_WEIGHT = 0.3  # of each further head's loss in training (Szegedy et al. 2015, section 5)


def fit(
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    seed: int = 0,
    device: str | torch.device | None = None,
    progress: bool | Progress = True,
    label: str = "",
    watch: Watch | None = None,
    checkpoint: str | Path | None = None,
) -> History:
    """Train a network on the training pictures; the test pictures are never looked at.

    Parameters
    ----------
    model : nn.Module
        From (N, C, H, W) to logits (N, num_classes), or in training mode to a tuple of the logits and those of
        auxiliary heads, whose losses then count 0.3 each. Trained in place and left on the device.
    dataset : Dataset
        From `cnnlib.data.load`.
    recipe : Recipe
        What to do.
    seed : int
        Decides the order of the pictures and which are held back. The first weights are the model's own.
    device : str or torch.device, optional
        A GPU when one is present, else the processor.
    progress : bool or Progress
        Show a progress bar, or whom to tell.
    label : str
        How the run is called in a legend.
    watch : Watch, optional
        Of the same network: it notes how large each layer's weights and gradients are.
    checkpoint : str or Path, optional
        A file to keep the run in after each epoch. Where it is there already, the run goes on from it; on a processor
        the outcome is, to the last bit, that of a run without a pause. Delete the file to begin anew.

    Returns
    -------
    History
        It ends early when the loss is no longer a number (`History.diverged`).

    Raises
    ------
    BadInput
        If the device is unknown, the recipe holds back all pictures, whitening does not fit the network, or the
        checkpoint cannot be written, is broken or another run's.

    Examples
    --------
    >>> from cnnlib import data, models
    >>> digits = data.load("digits")
    >>> history = fit(models.build("fc_0501"), digits, Recipe(lr=0.1), progress=False, device="cpu")
    >>> sorted(history.last)
    ['epoch', 'seconds', 'train_accuracy', 'train_loss', 'val_accuracy', 'val_loss']
    """
    place = choose_device(device)
    kept = Resuming(checkpoint, model, dataset, recipe, seed, place)
    batches = Batches(dataset, recipe, seed, place)
    # Weights with the channels innermost make convolutions on a processor up to half as fast again.
    model.to(place, memory_format=torch.channels_last).train()
    if recipe.whitening:
        whiten(model, batches.sample())
    network = pooled_first(distributed.synchronised(model))  # the same layers and numbers, in a quicker order
    if recipe.compiled:
        network = compiled(network, batches.sample()[distributed.share(recipe.batch_size)], recipe)
    network = distributed.parallel(network)  # of several processes, each takes a share of every batch
    optimizer = recipe.make_optimizer(model.parameters())
    schedule = recipe.make_schedule(optimizer, steps=recipe.epochs * batches.steps)
    average = Lookahead(model, steps=recipe.epochs * batches.steps) if recipe.lookahead else None
    history = History(label=label)
    kept.load(optimizer, schedule, average, batches, history, watch)

    pictures = [recipe.epochs * batches.size, len(history.epochs) * batches.size]  # in all, and done before a pause
    with kept, bar(progress, *pictures) as shown:  # also when interrupted, the network is left whole
        for epoch in kept.epochs():
            start, total_loss, correct = time.perf_counter(), 0.0, 0
            for x, y in batches.epoch(epoch):  # 1. a batch of pictures, each changed anew, and their labels
                with recipe.autocast(place), TinyMaps():  # for speed on a processor; the numbers are the same
                    logits, loss = _forward(network, x, y, recipe)  # 2. forward: scores; 3. loss: how wrong they are
                optimizer.zero_grad()               # 4. forget the last gradients
                (loss * batches.weight).backward()  # 5. backward: new gradients; the weight is 1, alone
                if watch:
                    watch.step()
                optimizer.step()                    # 6. weight = weight - lr · gradient
                schedule.step()                     #    and the lr of the next step
                if average:
                    average.step()
                # 7. keep account
                total_loss += loss.detach() * batches.mine
                correct += (logits.detach().argmax(dim=1) == y)[: batches.mine].sum()
                shown.update(batches.whole)
            if average and epoch == recipe.epochs:
                average.finish()
            total_loss, correct = distributed.summed(total_loss, correct)
            row = {"epoch": epoch, "train_loss": float(total_loss) / batches.size,
                   "train_accuracy": int(correct) / batches.size}  # fmt: skip
            if batches.held_back:
                score = measure(model, *batches.held_back, batches.prepare)
                row |= {"val_loss": score.loss, "val_accuracy": score.accuracy}
                shown.set_postfix_str(f"epoch {epoch}, validation accuracy {score.accuracy:.1%}")
            history.epochs.append(row | {"seconds": time.perf_counter() - start})
            if watch:
                watch.epoch()
            kept.save()
            if history.diverged:
                break
    return history


def _forward(model, x, y, recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits and the loss to train by."""
    logits, *auxiliary = outputs if isinstance(outputs := model(x), tuple) else (outputs,)
    losses = [F.cross_entropy(head.float(), y, label_smoothing=recipe.label_smoothing) for head in (logits, *auxiliary)]
    return logits, losses[0] + AUXILIARY_WEIGHT * sum(losses[1:])
