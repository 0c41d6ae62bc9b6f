"""What is said before a network is trained: the data, and the recipe."""

from typing import TYPE_CHECKING

from alexnet.cli.terminal.showing import duration, say

if TYPE_CHECKING:
    from alexnet.data.dataset import Dataset
    from alexnet.recipes.choice import Choice
    from alexnet.training.recipe import Recipe


def show_choice(choice: "Choice | None", seconds: float | None) -> None:
    """Print which recipe was taken where none was asked for, why, and how long it will take."""
    if choice is not None:
        time = f", in about {duration(seconds)}" if seconds is not None else ""
        say(f"chosen: {choice.recipe}{time}: {choice.reason}")


def show_recipe(recipe: "Recipe", dataset: "Dataset", *, verbose: bool) -> None:
    """Print the data, what of the recipe differs from the defaults, or all of it, and the length of the run."""
    from alexnet.settings.paths import flat
    from alexnet.training.plan import Plan

    splits = ", ".join(f"{len(dataset.split(name)):,} {name}" for name in dataset.splits)
    seen = f", of which the network sees {recipe.network.side}" if recipe.network.side < dataset.side else ""
    scaled = f" (scaled when read, from {dataset.card.side})" if dataset.card.side != dataset.side else ""
    say(
        f"data: {dataset.name}, {len(dataset.classes):,} classes, {splits}, {dataset.side} pixels{scaled}{seen}"
    )
    if dataset.unreadable:
        say(f"      {len(dataset.unreadable)} pictures could not be read and are left out")
    named = f"recipe: {recipe.name}, network: {recipe.network.kind}"
    if verbose:
        say(named)
        shown = [pair for pair in flat(recipe) if pair[0] not in ("name", "network.network", "changes")]
    else:
        shown = _telling(recipe)
        rest = "what differs from the paper's settings (--verbose shows all)"
        say(f"{named}; {rest if shown else 'all settings as in the paper'}")
    for path, value in shown:
        say(f"  {path} = {value}")
    for change in recipe.changes:
        say(f"  after epoch {change.epoch:g}: {change.setting} = {change.value}")
    plan = Plan(recipe, len(dataset.split("train")))
    say(f"steps: {plan.total_steps:,}, {plan.steps_per_epoch:,} an epoch")


def _telling(recipe: "Recipe") -> list[tuple[str, str]]:
    """Return the settings that differ from the defaults; those of a layer, from the recipe's for all layers."""
    from alexnet.settings.paths import differing, flat
    from alexnet.training.schedule import Schedule

    usual = {f"schedule.{name}": value for name, value in flat(Schedule())}
    usual |= {path.removeprefix("training.rates."): value for path, value in flat(recipe)}
    shown = [pair for pair in differing(recipe) if pair[0] not in ("name", "network.network", "changes")]
    return [(path, value) for path, value in shown if usual.get(_within(path)) != value]


def _within(path: str) -> str:
    """Return a setting's path within the schedule or the layer that it is of; no path where it is of neither."""
    if "_schedule." in path:
        return f"schedule.{path.rpartition('.')[2]}"
    return path.split(".", 3)[3] if path.startswith("training.stages.") else ""
