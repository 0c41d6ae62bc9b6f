"""Weights of other programs, in and out; a file is read as data, and nothing that it names is run.

conversion      a file to a checkpoint, a checkpoint to a file
opening         a file opened once, unpacked within bounds
classes         what the logits stand for
means           the mean picture, from the files that hold one
foreign         weights of another program in the words of this one
torch_file      what torch.save wrote
torchvision     the names of torchvision's alexnet
protobuf        messages of Protocol Buffers, field by field
caffe           bvlc_alexnet and CaffeNet
cudaconvnet     checkpoints of the program of 2012
"""
