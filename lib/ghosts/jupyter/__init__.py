"""What pages of Jupyter show: boxes of text, and the alternative text of a picture.

Jupyter's pages leave the latter out. It is metadata of an output: ``{"image/png": {"alt": ...}}``.
Two parts of this folder pass it on, and are installed with the package:

* ``labextension`` for JupyterLab, ``static/alt_text.js``;
* ``alt_text.py`` for nbconvert, which ``jupyter_config.json`` has use it, and for MyST-NB.
"""
