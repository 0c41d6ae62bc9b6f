"""What a prepared directory looks like, and how it is read without believing it.

card           card.json: what the set holds, each value checked
shard_files    what the files of a shard are called
arrays         .npy files of a known type and shape
encoding       the two ways of storing pictures: raw pixels, or JPEG files end to end
stored_split   the shards of one split: pictures, labels and names by their number
"""
