"""Every public name of the package once, as a user's program has them: mypy --strict has nothing to say of it.

python examples/every_name.py
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import alexnet


def work(folder: Path) -> float:
    """Prepare generated pictures, train on them, and use what was learned."""
    data: alexnet.Dataset = alexnet.prepare(alexnet.Shapes(128, classes=4), folder / "packed", side=32)
    same = alexnet.open_dataset(folder / "packed")
    print(alexnet.__version__, len(data.classes), len(same.split("train")))

    chosen: alexnet.Recipe = alexnet.recipe("cifar-18pct")
    changes = {"training.batch_size": 16, "training.rates.weight": 0.001}
    estimate: alexnet.DryRun = alexnet.train(
        data, chosen, network="figure-1", epochs=1, set=changes, dry_run=True
    )
    print(f"{estimate.images_per_second:.0f} images/s, {estimate.parameters} parameters")

    run: alexnet.Run = alexnet.train(
        data, chosen, folder / "run", network="figure-1", epochs=1, seed=1, set=changes, quiet=True
    )
    print(run.state, run.path, run.best_error, [row["epoch"] for row in run.history])
    assert [found.path for found in alexnet.runs(folder)] == [run.path]

    classifier: alexnet.Classifier = alexnet.load(run.path)
    pixels = data.split("validation").images(np.arange(1))[0].permute(1, 2, 0).numpy()
    best: alexnet.Prediction = classifier.predict(pixels, top=2)[0][0]
    print(best.name, best.words, f"{best.probability:.2f}", classifier.classes)

    streamed: list[alexnet.Result] = list(classifier.predict_stream(alexnet.pictures("docs/*.png")))
    print([(result.picture, result.predictions or result.error) for result in streamed])

    network: alexnet.Network = alexnet.build("alexnet", classes=4, columns=1)
    print(sum(value.numel() for value in network.parameters()))
    alexnet.convert(run.path, folder / "network.safetensors")
    shared = alexnet.save_pretrained(run.path, folder / "shared", licence="mit")  # a folder with a card
    print(alexnet.from_pretrained(shared), alexnet.push_to_hub.__name__)  # which uploads it

    vectors = alexnet.features(run.path, data, folder / "features")
    with alexnet.search.build(run.path, folder / "features", folder / "index") as index:
        print(len(vectors), [match.name for match in index.query(pixels, k=3)[0]])

    difference: alexnet.Comparison = alexnet.compare([run.path, classifier], data, views=1)
    print(f"{difference.difference:+.1%}, p = {difference.p_value:.2f}")
    print(alexnet.report(run.path, views=1))  # a page, of the pictures that it was trained on
    errors: alexnet.Report = alexnet.evaluate([run.path, classifier], data, views=1)
    return errors.top1_error


def main() -> int:
    """Do it in a folder of its own, and return the exit code that the command would."""
    mendable: tuple[type[alexnet.AlexNetError], ...] = (
        alexnet.RecipeError,
        alexnet.RunError,
        alexnet.DataError,
        alexnet.DamagedError,
        alexnet.AbsentWeightsError,
        alexnet.CheckpointError,
        alexnet.DivergedError,
        alexnet.ExportError,
        alexnet.PeerError,
        alexnet.SearchError,
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(f"top-1 error {work(Path(folder)):.1%}")
    except alexnet.Interrupted as stop:
        return stop.exit_code
    except mendable as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
