# %% [markdown]
# # A text classifier with two classes
#
# Is a docstring from `scipy.stats` or from `scipy.signal`? A linear model of word counts can tell, and limefw says by
# which words. The data come with scipy: the text of every public function before its parameters.

# %%
import importlib
import inspect
import re

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

import limefw


def docstrings(package):
    """Return the text of each public function or class before its parameters, on one line."""
    module = importlib.import_module(package)
    named = [thing for name, thing in vars(module).items() if callable(thing) and name[0] != "_" and name != "test"]
    found = {inspect.getdoc(thing) or "" for thing in named}
    texts = [" ".join(re.split(r"\n(?:Parameters|Attributes|Methods)\n", text)[0].split()) for text in found]
    return sorted(text for text in texts if len(text.split()) > 15)


classes = ["scipy.stats", "scipy.signal"]
texts = [docstrings(name) for name in classes]
labels = np.repeat(classes, [len(each) for each in texts])
train, test, train_labels, test_labels = train_test_split(sum(texts, []), labels, random_state=0, stratify=labels)
model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(train, train_labels)
print(f"{len(train)} to learn from, {len(test)} to test: accuracy {model.score(test, test_labels):.2f}")

# %% [markdown]
# ## One explanation
#
# A pipeline that begins with a vectoriser is a model of texts: hand it over as it is, with a text.

# %%
chance = model.predict_proba(test)[:, list(model.classes_).index("scipy.signal")]
text = test[int(np.argmin(np.abs(chance - 0.75)))]  # one that it is not too sure of
explanation = limefw.explain(text, model, samples=1000)
print(text)
print(explanation)

# %% [markdown]
# The words in place, what each adds, and how far to trust it. The page has no script, so it shows wherever notebooks
# do.

# %%
explanation

# %% [markdown]
# The same as a picture, and as a list:

# %%
explanation.render("figure")

# %%
explanation.as_list()[:6]

# %% [markdown]
# ## Without these words
#
# An effect says how much the probability falls without a word. So take the strongest words out, and ask the model
# itself.

# %%
strongest = [effect for effect in explanation.top(3) if effect.effect > 0]
expected = explanation.prediction() - sum(effect.effect for effect in strongest)
without = text
for effect in strongest:
    without = re.sub(rf"\b{re.escape(effect.name)}\b", "", without)
label = list(model.classes_).index(explanation.names[explanation.labels[0]])
print("without", ", ".join(effect.name for effect in strongest))
print(f"the effects say {expected:.2f}, the model says {model.predict_proba([without])[0, label]:.2f}")

# %% [markdown]
# ## A check against the truth
#
# Of a linear model of word counts the truth is known: on the scale of log-odds a word's effect is its coefficient
# times how often it is there. Cut into the vectoriser's own words, the text gives the coefficients back.

# %%
counts = make_pipeline(CountVectorizer(), LogisticRegression()).fit(train, train_labels)
words = {"use": "words", "tokens": r"\b\w\w+\b", "ignore_case": True}
exact = limefw.explain(text, counts, target="log_odds", segmenter=words, surrogate="linear", samples=3000)
sign = 1 if exact.names[exact.labels[0]] == counts.classes_[1] else -1
coefficients, times = counts[1].coef_[0], counts[0].transform([text]).toarray()[0]
for name, effect in exact.as_list()[:6]:
    at = counts[0].vocabulary_[name.lower()]
    print(f"{name:<12}{effect:+.3f}   {times[at]} x {sign * coefficients[at]:+.3f}")
