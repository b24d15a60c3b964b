# %% [markdown]
# # A few explanations that show most: SP-LIME
#
# Nobody reads a thousand explanations. Submodular pick (Ribeiro, Singh & Guestrin 2016) chooses a few that together
# show most of what a model goes by. Here for texts and for a table.

# %%
import importlib
import inspect
import re
from importlib.metadata import files

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import limefw


def docstrings(package):
    """Return the text of each public function or class before its parameters, on one line."""
    module = importlib.import_module(package)
    named = [thing for name, thing in vars(module).items() if callable(thing) and name[0] != "_" and name != "test"]
    found = {inspect.getdoc(thing) or "" for thing in named}
    texts = [" ".join(re.split(r"\n(?:Parameters|Attributes|Methods)\n", text)[0].split()) for text in found]
    return sorted(text for text in texts if 15 < len(text.split()) < 80)


texts = [docstrings(name) for name in ("scipy.stats", "scipy.signal")]
labels = np.repeat(["stats", "signal"], [len(each) for each in texts])
model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(sum(texts, []), labels)

# %% [markdown]
# ## Texts
#
# First explain many, each with draws of its own. `most` takes some of them by the seed.

# %%
explanations = limefw.explain_many(sum(texts, []), model, labels=["signal"], most=60, samples=300, seed=0)
picked = limefw.pick(explanations, 4, top=6)
print(picked)
for explanation, share in zip(picked, picked.coverage, strict=True):
    words = ", ".join(f"{name} {effect:+.2f}" for name, effect in explanation.as_list()[:6])
    print(f"{share:.0%}: {words}")

# %% [markdown]
# All of them in one picture: the mean absolute effect of each word, and which way it goes.

# %%
overview = limefw.overview(explanations)
overview.render("figure")

# %%
overview.to_frame().head(8).round(3)

# %% [markdown]
# ## A table
#
# Columns are what rows have in common. `by="names"` counts "bill_length_mm > 48.5" and "bill_length_mm <= 39.2" as
# two features, as lime does; the default counts them as one.

# %%
path = next(file.locate() for file in files("palmerpenguins") if file.name == "penguins.csv")
penguins = pd.read_csv(path).dropna()
features = penguins.select_dtypes("number").drop(columns="year")
forest = RandomForestClassifier(100, random_state=0).fit(features, penguins.species)
table = limefw.Table(features)
rows = limefw.explain_many([table.row(at) for at in range(0, len(table), 8)], forest, samples=500)
for explanation in limefw.pick(rows, 3, top=2, by="names"):
    print(explanation.names[explanation.labels[0]], explanation.as_list()[:2])

# %%
limefw.overview(rows).render("figure")
