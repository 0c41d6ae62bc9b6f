"""One folder for four readers: this package, timm, transformers.js and users of ONNX; and the Hub of Hugging Face.

folder        `alexnet.save_pretrained`: what a run has learned, with a card
push          `alexnet.push_to_hub`: the folder, uploaded
config        config.json and preprocessor_config.json: what other programs read of a network and its pictures
card          README.md, the model card: data, recipe, errors with intervals, limits
timm_names    under which names timm knows the networks

Reading such a folder, or one of the Hub by its name, is the business of `alexnet.weights`.
"""
