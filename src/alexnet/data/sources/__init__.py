"""What people hold: each source yields names, contents and class names.

opening     finds the source that fits a path; naming: also by a name, and the side that suits its pictures
source      what every source offers
listed      most of them are a list; division: validation set aside
folders     image folders
lists/      files that list pictures: tables, Caffe's
files/      a directory, a remote folder, a zip or a tar as files by path
layouts/    published layouts: ImageNet's, CIFAR's, MNIST's, WebDataset's, the 2012 program's
parquet     the Hub's files; hub: the Hub itself, through its library
published   data sets by name; downloads: fetching them
digits      that ship with the package; shapes: that are generated
"""
