"""Does a plug-in keep what its kind promises? The conformance kit, for limefw's own plug-ins and for everyone's.

    from limefw import Plugin
    from limefw.testing import check_plugin

    def test_halves():
        check_plugin("segmenters", Plugin("halves", halves, modality="image"))

It calls the plug-in on small examples of every sort that its kind may meet and lists everything that is wrong at once.
"""

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from limefw.testing._kinds import KINDS as KINDS
    from limefw.testing._kit import ConformanceError as ConformanceError
    from limefw.testing._kit import Report as Report
    from limefw.testing._kit import check_plugin as check_plugin
    from limefw.testing._kit import of_distribution as of_distribution
    from limefw.testing._kit import why_not_called as why_not_called

__all__ = ["KINDS", "ConformanceError", "Report", "check_plugin", "of_distribution", "why_not_called"]


def __getattr__(name: str) -> Any:
    # on first use: pytest loads this package, with `pytest_plugin`, wherever limefw is installed
    if name not in __all__:
        raise AttributeError(f"module 'limefw.testing' has no attribute {name!r}")
    from limefw.testing import _kit

    return getattr(_kit, name)
