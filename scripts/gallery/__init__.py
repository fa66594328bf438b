"""The documentation site: pages written from docstrings, findings, experiments and the textbook's index.

python -m scripts.gallery            # writes build/gallery, then site/
python -m scripts.gallery --keep     # with the experiments as they were measured last time
"""
