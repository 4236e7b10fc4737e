"""Writes what SciPy's L-BFGS-B finds on classic test functions.

    python3 tools/scipy/lbfgs_fixture.py > packages/sofim/test/fixtures/scipy-lbfgs.json
"""

import json

import numpy as np
import scipy
from scipy.optimize import minimize, rosen, rosen_der


def beale(x):
    a, b = x
    r = np.array([1.5 - a + a * b, 2.25 - a + a * b**2, 2.625 - a + a * b**3])
    da = np.array([b - 1, b**2 - 1, b**3 - 1])
    db = np.array([a, 2 * a * b, 3 * a * b**2])
    return r @ r, 2 * np.array([r @ da, r @ db])


def himmelblau(x):
    a, b = x
    p, q = a**2 + b - 11, a + b**2 - 7
    return p**2 + q**2, np.array([4 * a * p + 2 * q, 2 * p + 4 * b * q])


def rosenbrock(x):
    return rosen(x), rosen_der(x)


CASES = [
    ("rosenbrock", rosenbrock, [-1.2, 1.0]),
    ("rosenbrock", rosenbrock, [-1.2, 1.0] * 5),
    ("beale", beale, [1.0, 1.0]),
    ("himmelblau", himmelblau, [0.0, 0.0]),
]

results = []
for name, function, start in CASES:
    options = {"maxcor": 10, "ftol": 0, "gtol": 1e-9, "maxiter": 1000}
    found = minimize(function, start, jac=True, method="L-BFGS-B", options=options)
    results.append(
        {
            "function": name,
            "start": start,
            "x": found.x.tolist(),
            "value": float(found.fun),
            "iterations": int(found.nit),
            "evaluations": int(found.nfev),
        }
    )
print(json.dumps({"scipy": scipy.__version__, "results": results}, indent=2))
