"""Many processes that train one network: the one room that knows torch.distributed.

place.py      which process of how many this is, as torchrun or SLURM says it
processes.py  what they say to each other
heartbeat.py  which of them has gone silent
gradients.py  gradients summed while the backward pass still runs
starting.py   torchrun for those who do not know it
"""
