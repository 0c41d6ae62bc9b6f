"""A service that names the classes of pictures for whoever asks over HTTP, and stays up whatever it is sent.

settings     limits and deadlines
refusals     what is answered instead, by a code that stays
cost         a batch of n takes a*n + b seconds: measured, and what follows from it
batcher      one thread that computes; what comes while it is busy goes through it together
decoding/    processes that decode, with a memory limit: a hostile picture ends one of them and nothing else
models       networks by their names, as the batcher takes them
service      pictures in, classes out; knows no HTTP
health       whether it answers: a real picture, less than a minute ago
reloading    a changed run is loaded and tried beside the old network, and then takes its place
metrics      what is counted, as Prometheus reads it
http/        the protocols, the guard before them, the page, the server's life
page/        the files of the page
"""
