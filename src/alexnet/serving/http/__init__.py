"""HTTP, whose one owner this is: what comes in becomes pictures and settings, what goes out becomes JSON.

settings         address, key, delays
answers          JSON, and which status each refusal has
bodies           read within limits
asked            what a request of the own protocol asks for: raw bytes, a form, or JSON with base64
native           /v1: the own protocol
huggingface      the task image-classification, as huggingface_hub asks for it
tensors          tensors of the Open Inference Protocol, in JSON and behind it
open_inference   /v2: the Open Inference Protocol, as tritonclient asks for it
probes           /health, /ready, /metrics
openapi          the document of all routes, written by hand and held true by tests
pages            the page at /, and /docs
keys             the key that a client shows
guard            before all routes: who may ask; after them: headers, the log, what is counted
app              the routes together
deadlines        how long is waited for a client, on the wire
server           from the socket to the last answer: signals, draining, reloading
workers          several such behind one socket
"""
