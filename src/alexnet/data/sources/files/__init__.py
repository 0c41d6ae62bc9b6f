"""Files by their path, wherever they are; nothing is unpacked, and nothing but regular files is opened.

remote      opening and reading a file on the disk, or behind an address
trees       a directory on the disk, or a remote one
archives    a zip or a tar as a tree; members: what they hold, by folder
tarred      very many pictures in a few tar archives
"""
