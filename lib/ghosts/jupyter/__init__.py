"""What makes Jupyter's pages, which leave it out, show the alternative text of a picture.

A figure's text is metadata of its output: ``{"image/png": {"alt": ...}}``. The parts of this folder
pass it on, and are installed with the package:

* ``labextension`` for JupyterLab, ``static/alt_text.js``;
* ``alt_text.py`` for nbconvert, which ``jupyter_config.json`` has use it, and for MyST-NB.
"""
