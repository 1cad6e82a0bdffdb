"""What of PySAL is held against the program.

PySAL's packages import, where they begin, modules for plots, clustering and example data that no function used here needs, and with them
matplotlib, scikit-learn, pyogrio and more. Here a package is an empty module that knows where its files are: what is imported
from it is its own code, and only what that code needs has to be there (requirements.txt).
"""

import importlib
import importlib.util
import sys
import types
import warnings


def _bare(name):
    spec = importlib.util.find_spec(name)
    module = types.ModuleType(name)
    module.__path__, module.__spec__ = list(spec.submodule_search_locations), spec
    sys.modules[name] = module


for _name in ("libpysal", "inequality", "esda"):
    _bare(_name)
with warnings.catch_warnings():
    # Numba would only make it faster.
    warnings.simplefilter("ignore")
    # The parts of libpysal import each other: this is its own order.
    for _name in ("libpysal.cg", "libpysal.io", "libpysal.weights"):
        importlib.import_module(_name)
    from esda.moran import Moran, Moran_Local
    from inequality.atkinson import atkinson
    from inequality.gini import Gini
    from inequality.theil import Theil, TheilD
    from libpysal.weights import W

__all__ = ["Gini", "Moran", "Moran_Local", "Theil", "TheilD", "W", "atkinson"]
