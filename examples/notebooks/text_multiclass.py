# %% [markdown]
# # A text classifier with several classes
#
# Which part of scipy is a docstring from? Six classes; one pass over the perturbed texts explains as many of them as
# you ask for.

# %%
import importlib
import inspect
import re

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import limefw


def docstrings(package):
    """Return the text of each public function or class before its parameters, on one line."""
    module = importlib.import_module(package)
    named = [thing for name, thing in vars(module).items() if callable(thing) and name[0] != "_" and name != "test"]
    found = {inspect.getdoc(thing) or "" for thing in named}
    texts = [" ".join(re.split(r"\n(?:Parameters|Attributes|Methods)\n", text)[0].split()) for text in found]
    return sorted(text for text in texts if len(text.split()) > 15)


classes = ["stats", "signal", "linalg", "optimize", "sparse", "ndimage"]
texts = [docstrings(f"scipy.{name}") for name in classes]
labels = np.repeat(classes, [len(each) for each in texts])
train, test, train_labels, test_labels = train_test_split(sum(texts, []), labels, random_state=0, stratify=labels)
model = make_pipeline(TfidfVectorizer(stop_words="english"), MultinomialNB(alpha=0.01)).fit(train, train_labels)
print(classification_report(test_labels, model.predict(test), zero_division=0))

# %% [markdown]
# ## The classes it hesitates between
#
# `labels="top:3"` asks for the three most probable classes of this text; names do as well: `labels=["linalg"]`.

# %%
shares = np.sort(model.predict_proba(test), axis=1)
text = test[int(np.argmin(shares[:, -1] - shares[:, -2]))]
explanation = limefw.explain(text, model, labels="top:3", samples=1000)
for label in explanation.labels:
    words = ", ".join(f"{name} {effect:+.2f}" for name, effect in explanation.as_list(label)[:4])
    print(f"{explanation.names[label]:<9}{explanation.prediction(label):.2f}   {words}")

# %%
explanation.render({"use": "figure", "label": explanation.labels[0]})

# %%
explanation.render({"use": "figure", "label": explanation.labels[1]})

# %% [markdown]
# ## Why this one and not that one
#
# The margin between two classes is a target of its own.

# %%
first, second = (explanation.names[label] for label in explanation.labels[:2])
versus = limefw.explain(text, model, target={"use": "margin", "against": second}, labels=[first], samples=1000)
print(f"{first} rather than {second}:")
print(versus.as_list()[:6])
