# %% [markdown]
# # A network of your own for two classes
#
# A Keras Sequential network with four convolutional layers learns to tell faces from other things, on 200 small
# pictures that come with scikit-image. Then it is asked which part of an unseen picture made its class. For pictures of
# your own, `folder(Path("horse-or-human/train"), 128)` takes the place of `faces()`; the functions are those of
# [two_classes.py](../two_classes/two_classes.py).

# %%
import io
import os
import sys
from pathlib import Path
from tempfile import mkdtemp


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter
sys.path.insert(0, "../two_classes")

import two_classes
from IPython.display import Image, display

import limefw


pictures = two_classes.faces()
seen, unseen = two_classes.split(pictures, seed=0)
print(f"{len(seen.classes)} to learn from, {len(unseen.classes)} that it never sees")

# %% [markdown]
# ## Training
#
# A line for each epoch, then the whole as a picture.

# %%
network, history = two_classes.train(seen, unseen, epochs=15, seed=0)

# %%
out = Path(mkdtemp())
two_classes.draw_training(history, out / "training.png")
display(Image(out / "training.png"))

# %% [markdown]
# ## Which parts made it a face?
#
# The network is saved and loaded from its file, as anyone would who explains it later. Of each unseen picture: what
# speaks most for its class, those parts alone, and what is for (green) and against (red).

# %%
network.save(out / "two_classes.keras")
model = limefw.model(out / "two_classes.keras", classes=pictures.names)
explainer = limefw.Explainer(model, recipe=two_classes.FACES)
found = [explainer(unseen.pixels[row]) for row in two_classes.choose(unseen, 2)]


def shown(figure):
    """Show a figure as a JPEG: greys stay grey."""
    file = io.BytesIO()
    figure.savefig(file, format="jpeg", dpi=75, pil_kwargs={"quality": 88})
    display(Image(file.getvalue(), format="jpeg"))


shown(two_classes.sheet(found))

# %% [markdown]
# ## Does it lie on the face?
#
# Eyes, nose and mouth are in the middle of these pictures, which is 36 % of their area.

# %%
figures = two_classes.on_the_face(explainer, unseen, most=25)
print(f"{figures['share']:.0%} of what speaks for a face is in the middle; by chance it were {figures['chance']:.0%}")
print(f"more than chance in {figures['above']} of {figures['faces']} unseen faces")
