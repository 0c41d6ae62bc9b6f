"""Codes: what encoders give, and that an auto-encoder keeps more of what is near than it was told."""

from pathlib import Path

import numpy as np
import pytest
import torch

from alexnet.errors import RecipeError, SearchError
from alexnet.kernels.hamming import hamming_nearest
from alexnet.search.codes.autoencoder import AutoencoderRecipe, train_autoencoder
from alexnet.search.codes.encoder import Encoder, load_encoder
from alexnet.search.codes.index import ENCODERS, CodeOptions, build, make_encoder
from alexnet.search.codes.index import open as open_codes
from alexnet.search.codes.projections import pca_sign, random_projection
from search.pictures import DIMENSION, card, nearest, rows, vectors


def recall(encoder: Encoder, known: np.ndarray, queries: np.ndarray) -> float:
    """Return how many of the exact ten nearest are among the ten of the nearest codes: a fraction."""
    right = nearest(known, queries, 10).tolist()
    found = hamming_nearest(encoder.encode(known), encoder.encode(queries), 10)[1].tolist()
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(right, found, strict=True)]))


def test_bits_lie_in_words_the_first_lowest() -> None:
    weight = torch.eye(70)
    encoder = Encoder((weight,), (torch.zeros(70),))
    given = np.full((2, 70), -1, np.float32)
    given[0, [0, 5, 63]], given[1, [64, 69]] = 1, 1
    assert encoder.encode(given).tolist() == [[1 | 1 << 5 | 1 << 63, 0], [0, 1 | 1 << 5]]


def test_a_code_is_the_signs_of_the_layers_whatever_goes_with_it() -> None:
    """Beside NumPy in float64; of a vector alone as of many."""
    encoder = train_autoencoder(vectors(300), AutoencoderRecipe(bits=40, hidden=16, epochs=1))
    given = vectors(50, seed=2)
    (first, second), (one, two) = (
        [part.double().numpy() for part in parts] for parts in (encoder.weights, encoder.biases)
    )
    values = np.maximum(given.astype(np.float64) @ first.T + one, 0) @ second.T + two
    bits = (encoder.encode(given)[:, :, None] >> np.arange(64, dtype=np.uint64) & 1).reshape(50, -1)
    assert np.array_equal(bits[:, :40].astype(bool), values > 0)
    assert not bits[:, 40:].any()
    assert all(
        np.array_equal(encoder.encode(given[row : row + 1])[0], encoder.encode(given)[row])
        for row in range(50)
    )


def test_an_auto_encoder_keeps_more_of_what_is_near_than_signs_of_components() -> None:
    """Where components differ in size, signs count the smallest as much as the largest; who wants the vector, less."""
    rng = np.random.default_rng(0)
    given = (rng.normal(size=(2200, DIMENSION)) * 0.7 ** np.arange(DIMENSION)).astype(np.float32)
    known, queries = given[:2000], given[2000:]
    trained = train_autoencoder(known, AutoencoderRecipe(bits=24, hidden=64, epochs=20))
    assert recall(trained, known, queries) > 2 * recall(pca_sign(known, 24), known, queries)


def test_more_bits_of_random_planes_keep_more() -> None:
    known, queries = vectors(1000), vectors(100, seed=5)
    kept = [recall(random_projection(known, bits, 0), known, queries) for bits in (16, 64, 1024)]
    assert kept[0] < kept[1] < kept[2]
    assert kept[2] > 0.8


def test_components_are_the_directions_of_most_variance() -> None:
    """Beside the singular value decomposition; up to the sign, which the encoder fixes."""
    given = vectors(500).astype(np.float64)
    ours = pca_sign(vectors(500), 5).weights[0].double().numpy()
    right = np.linalg.svd(given - given.mean(0), full_matrices=False)[2][:5]
    assert np.allclose(np.abs((ours * right).sum(1)), 1, atol=1e-5)


def test_an_auto_encoder_is_the_same_each_time_and_another_with_another_seed() -> None:
    given = vectors(300)
    made = [
        train_autoencoder(given, AutoencoderRecipe(bits=32, hidden=16, epochs=2, seed=seed))
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(made[0].encode(given), made[1].encode(given))
    assert not np.array_equal(made[0].encode(given), made[2].encode(given))


def test_codes_alone_are_bits_and_their_vectors_are_distances(tmp_path: Path) -> None:
    options = {"encoder": "random", "bits": "96"}
    alone = build(tmp_path / "alone", card("codes"), rows(500), {**options, "rerank": "0"})
    compared = build(tmp_path / "compared", card("codes"), rows(500), {**options, "rerank": "500"})
    queries = vectors(20, seed=5)
    assert alone.metric == "Hamming"
    found = alone.query(queries, 10)
    codes, asked = alone.codes, alone.encoder.encode(queries)
    for number in range(20):
        bits = [
            sum(int(a ^ b).bit_count() for a, b in zip(codes[row], asked[number], strict=True))
            for row in found.rows[number]
        ]
        assert bits == found.distances[number].tolist()
    assert np.array_equal(compared.query(queries, 10).rows, nearest(vectors(500), queries, 10))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_an_encoder_comes_back_from_its_file(tmp_path: Path, encoder: str) -> None:
    made = make_encoder(vectors(200), CodeOptions(encoder=encoder, bits=20, hidden=8, epochs=1))
    made.save(tmp_path / "encoder.safetensors")
    again = load_encoder(tmp_path / "encoder.safetensors", DIMENSION)
    assert np.array_equal(made.encode(vectors(50)), again.encode(vectors(50)))
    with pytest.raises(SearchError, match="do not fit"):
        load_encoder(tmp_path / "encoder.safetensors", DIMENSION + 1)


def test_options_that_no_code_has_are_refused(tmp_path: Path) -> None:
    for wrong in ({"encoder": "magic"}, {"bits": "0"}, {"bits": "many"}, {"rerank": "-1"}, {"epochs": "0"}):
        with pytest.raises(RecipeError):
            build(tmp_path / "index", card("codes"), rows(60), wrong)
    with pytest.raises(RecipeError, match="24 principal components"):
        build(tmp_path / "index", card("codes"), rows(60), {"encoder": "pca", "bits": "25"})
    with pytest.raises(SearchError, match="no index"):
        open_codes(tmp_path / "index")
