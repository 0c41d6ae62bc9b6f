"""The layer table: numbers of the paper, and what locality and shared weights save."""

from alexnet.networks.catalogue import architecture
from alexnet.networks.summary import summary, totals


def test_the_table_of_the_printed_network_has_the_papers_numbers() -> None:
    """60 million parameters and 650,000 neurons; 290,400 + 186,624 + 64,896 + 64,896 + 43,264 + ... (section 3.5)."""
    stages = {stage.name: stage for stage in summary(architecture("alexnet"))}
    units = [
        stages[name].units for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
    ]
    assert units == [290_400, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]
    sums = totals(list(stages.values()))
    assert sums["parameters"] == 60_965_224
    assert sums["units"] == 659_272


def test_multiplications_are_counted_by_the_kernels_of_section_3() -> None:
    stages = {stage.name: stage for stage in summary(architecture("alexnet"))}
    assert stages["conv1"].multiply_adds == 55 * 55 * 96 * 11 * 11 * 3
    assert stages["conv2"].multiply_adds == 27 * 27 * 256 * 5 * 5 * 48
    assert stages["fc6"].multiply_adds == 9216 * 4096


def test_receptive_fields_grow_by_windows_and_strides() -> None:
    fields = {stage.name: stage.receptive_field for stage in summary(architecture("alexnet"))}
    assert fields["conv1"] == 11
    assert fields["pool1"] == 11 + 2 * 4
    assert fields["conv2"] == 19 + 4 * 8
    assert fields["conv5"] == 67 + 3 * 2 * 16 == 163
    assert fields["fc6"] == 224


def test_a_network_without_locality_would_need_every_pair_of_values() -> None:
    stages = {stage.name: stage for stage in summary(architecture("alexnet"))}
    assert stages["conv1"].fully_connected == (3 * 224 * 224 + 1) * 290_400
    assert stages["conv1"].unshared == 55 * 55 * 96 * (11 * 11 * 3 + 1)
    assert stages["fc8"].fully_connected == stages["fc8"].parameters


def test_other_programs_normalisation_within_maps_widens_the_field() -> None:
    fields = {stage.name: stage.receptive_field for stage in summary(architecture("as-trained"))}
    assert fields["rnorm2"] == fields["norm2"] + 4 * 8
