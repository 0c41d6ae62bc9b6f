"""What people hold: each source is a small file that yields names, contents and class names.

opening         finds the source that fits a path
source          what every source offers; listed: most of them are a list; division: validation set aside
trees, archives a directory, a remote folder, a zip or a tar as files by path; members, places, texts, tarred
folders         image folders
synsets         pictures named by their synset
listing         CSV, TSV and JSON lines
ilsvrc          ImageNet's challenge as downloaded; matlab: its development kits
tiny_imagenet, cifar, idx, webdataset, parquet, hub, original   as published
digits, shapes  that ship with the package, or are generated
"""
