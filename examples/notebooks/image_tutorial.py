# %% [markdown]
# # Lime's tutorial on images, with one import line changed
#
# The calls are those of lime's own tutorial; `from lime import lime_image` has become `from limefw.compat.lime import
# lime_image`. The network is the one that comes with limefw (EfficientNet-Lite0).

# %%
import os

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from skimage.segmentation import mark_boundaries

import limefw
from limefw.compat.lime import lime_image
from limefw.modalities.compose import preprocess


network = limefw.model()
with Image.open(limefw.sample()) as photo:
    cat = np.asarray(photo.convert("RGB").resize((224, 224)))


def predict_fn(images):
    """Return probabilities (n, 1000) of a batch of images (n, 224, 224, 3)."""
    ready = np.stack([preprocess(image, (0, 255), network.contract) for image in images])
    return network.head.columns(np.asarray(network.predict(ready)))


def shown(*pictures):
    """Return a figure with pictures side by side."""
    figure = Figure((4 * len(pictures), 4), layout="constrained")
    for at, picture in enumerate(pictures, start=1):
        axes = figure.add_subplot(1, len(pictures), at)
        axes.imshow(picture)
        axes.set_axis_off()
    return figure


probabilities = predict_fn([cat])[0]
for label in np.argsort(-probabilities)[:5]:
    print(label, network.classes[label], round(float(probabilities[label]), 3))

# %% [markdown]
# ## Explanation
#
# `hide_color` is the colour of a hidden superpixel; None would be its own mean colour.

# %%
# %matplotlib inline
samples = int(os.environ.get("LIMEFW_SAMPLES", "300"))
explainer = lime_image.LimeImageExplainer(random_state=0)
explanation = explainer.explain_instance(
    cat, predict_fn, top_labels=5, hide_color=0, num_samples=samples, progress_bar=False
)

# %% [markdown]
# The five superpixels that speak most for the top class, with the rest of the picture hidden, and with it:

# %%
top = explanation.top_labels[0]
alone, mask = explanation.get_image_and_mask(top, positive_only=True, num_features=5, hide_rest=True)
present, _ = explanation.get_image_and_mask(top, positive_only=True, num_features=5, hide_rest=False)
shown(mark_boundaries(alone / 255, mask), mark_boundaries(present / 255, mask))

# %% [markdown]
# For (green) and against (red):

# %%
both, mask = explanation.get_image_and_mask(top, positive_only=False, num_features=10, hide_rest=False)
strong, strong_mask = explanation.get_image_and_mask(
    top, positive_only=False, num_features=1000, hide_rest=False, min_weight=0.05
)
shown(mark_boundaries(both / 255, mask), mark_boundaries(strong / 255, strong_mask))

# %% [markdown]
# Every superpixel's weight as a map:

# %%
weights = np.vectorize(dict(explanation.local_exp[top]).get)(explanation.segments)
figure = Figure((5, 4), layout="constrained")
axes = figure.add_subplot()
limit = np.abs(weights).max()
figure.colorbar(axes.imshow(weights, cmap="RdBu", vmin=-limit, vmax=limit))
axes.set_axis_off()
figure

# %% [markdown]
# ## The same by limefw
#
# One call, with standard errors, what-if questions and how far to trust it.

# %%
native = limefw.explain(limefw.sample(), recipe="lime", samples=samples, segmenter={"use": "slic", "n_segments": 40})
native.render("overlay")
