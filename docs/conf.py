"""How Sphinx makes the site: `poe site`. Every warning is an error there."""

import limefw


project = "limefw"
author = "the limefw authors"
copyright = "2026, the limefw authors. Apache-2.0"
version = release = limefw.__version__

extensions = ["myst_parser"]
exclude_patterns = []
myst_heading_anchors = 4  # as code hosts number them, so that links work in both places

html_theme = "furo"
html_title = "limefw"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_dark_style = "github-dark"
