"""Many processes that train one network: the one room that knows torch.distributed.

rank            which process of how many this is, as torchrun or SLURM says it
group           what they say to each other, and which rows of a batch are whose
micro_batches   how a batch is divided
gradients       gradients summed while the backward pass still runs
heartbeat       which of them has gone silent
torchrun        torchrun for those who do not know it
"""
