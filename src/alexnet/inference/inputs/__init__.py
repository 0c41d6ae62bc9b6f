"""What is to be classified: from words on a command line, or their like, to a stream of named pictures.

named       a picture with its name, or the reason why there is none
arguments   files, folders, patterns, lists, archives and addresses, told apart
folders     the pictures in a folder and below it, in order, without a list of them all
lists       paths one a line, of any number
addresses   pictures behind http:// and https://, within limits
watching    what appears in a folder
"""
