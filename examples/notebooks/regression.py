# %% [markdown]
# # A regression
#
# How far will diabetes progress in a year? 442 patients, ten measures (Efron et al. 2004; in scikit-learn). Effects
# are in the units of what is predicted.

# %%
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

import limefw


data = load_diabetes(as_frame=True, scaled=False)
train, test, train_target, test_target = train_test_split(data.data, data.target, random_state=0)
model = GradientBoostingRegressor(random_state=0).fit(train, train_target)
print(f"R² on patients left out {model.score(test, test_target):.2f}")

# %% [markdown]
# ## One patient

# %%
table = limefw.Table(train)
row = table.row(3)
explanation = limefw.explain(row, model)
explanation.render("figure")

# %%
print(explanation.render("sentences").data)

# %% [markdown]
# ## A check against the truth
#
# Of a linear model the truth is known. Without bins, and drawn around the patient, the effects are its coefficients
# times the spread of each column.

# %%
linear = LinearRegression().fit(train, train_target)
around = limefw.explain(
    row, linear, segmenter={"use": "bins", "discretizer": "none"}, sampler="around_instance", surrogate="linear"
)
spread = train.std(ddof=0)
for at, column in enumerate(train.columns):
    print(f"{column:<5}{around.effects()[at]:+8.2f}   coefficient x spread {linear.coef_[at] * spread[column]:+8.2f}")

# %% [markdown]
# ## Many patients
#
# Explained one by one and summed up: how strong each measure is, and which way it goes.

# %%
some = limefw.explain_many([table.row(at) for at in range(40)], model, samples=500)
overview = limefw.overview(some)
overview.render("figure")

# %%
np.round([[share.strength, share.raises, share.lowers] for share in overview.top(3)], 1)
