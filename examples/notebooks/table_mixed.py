# %% [markdown]
# # A table with numbers, categories and gaps
#
# Penguins of three species: island, sex, year and four measures, some of them missing (palmerpenguins, CC0). The
# model is a whole scikit-learn pipeline, which limefw gives what it was trained on: a DataFrame of the same columns.

# %%
from importlib.metadata import files

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import limefw


path = next(file.locate() for file in files("palmerpenguins") if file.name == "penguins.csv")
penguins = pd.read_csv(path)
features = penguins.drop(columns="species")
features.head()

# %%
numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
prepare = make_column_transformer(
    (SimpleImputer(), numbers),
    (OneHotEncoder(handle_unknown="ignore"), ["island", "sex"]),
    remainder="passthrough",
)
model = make_pipeline(prepare, RandomForestClassifier(200, random_state=0))
train, test, train_species, test_species = train_test_split(
    features, penguins.species, random_state=0, stratify=penguins.species
)
model.fit(train, train_species)
print(f"accuracy {model.score(test, test_species):.2f}")

# %% [markdown]
# ## A table, and one of its rows
#
# `limefw.Table` learns from the training data what values there are. A row of it is what is explained; rows that the
# table never saw are taken as well.

# %%
table = limefw.Table(train)
row = table.row(5)
explanation = limefw.explain(row, model)
explanation

# %%
print(explanation.render("text").data)

# %%
explanation.render("figure")

# %% [markdown]
# ## What may change
#
# A measure that nobody can change is kept with `immutable`; bounds keep the others within what makes sense.

# %%
kept = limefw.Table(train, immutable=["island", "year"], bounds={"body_mass_g": (2700, 6300)})
limefw.explain(kept.row(5), model).as_list()

# %% [markdown]
# ## Other bins, other neighbours
#
# Quartiles are lime's choice. Deciles are finer; a Gaussian copula draws rows whose columns go together as they do in
# the data.

# %%
finer = limefw.explain(row, model, segmenter={"use": "bins", "discretizer": "decile"})
together = limefw.explain(row, model, sampler="gaussian_copula")
for name, one in {"deciles": finer, "copula": together}.items():
    print(name, one.as_list()[:3])
