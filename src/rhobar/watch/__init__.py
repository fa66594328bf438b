"""A live training in, a record out.

Importing this package does not import torch: `rhobar run` starts the script before torch is loaded.
"""
