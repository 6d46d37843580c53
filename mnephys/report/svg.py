"""A figure as SVG that lives inside a page: themed by its style sheet, and the same bytes every time."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from mnephys.report.raster import Raster

__all__ = ["inline"]

_XLINK = "{http://www.w3.org/1999/xlink}href"
_PNG = "data:image/png;base64,"
_DPI = 150  # of the little that is still an image, such as a colour scale
_DROPPED = {"metadata", "style"}
_PRESENTATION = {
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "opacity", "text-anchor", "font-size", "font-style",
    "font-weight",
}  # fmt: skip


def inline(figure: Figure, key: str, label: str, behind: Raster | None = None) -> Markup:
    """Return a figure as an ``<svg>`` element for an HTML page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        With a layout that is settled.
    key : str
        Begins every id in it, so that many figures fit on one page; letters, digits and hyphens.
    label : str
        What the figure shows, for readers who cannot see it.
    behind : Raster, optional
        What was drawn before, and lies behind all the rest.

    Returns
    -------
    markupsafe.Markup
        Without style attributes, which a strict content security policy forbids: all that matters is in
        presentation attributes, which the page's style sheet overrides in the dark.

    Examples
    --------
    >>> from mnephys.plot.style import new_axes, say
    >>> svg = inline(say(new_axes(None, 85, 60), "no <sweep>").figure, "f1", "empty")
    >>> "no &lt;sweep&gt;" in svg, "style=" in svg
    (True, False)
    """
    figure.patch.set_visible(False)
    for ax in figure.axes:
        for drawn in (ax, *ax.child_axes):
            drawn.patch.set_visible(False)
    figure.set_dpi(_DPI)
    buffer = io.StringIO()
    # "none" keeps text as text, in the page's own typeface; only this backend reads the setting.
    with mpl.rc_context({"svg.fonttype": "none"}):
        # Not savefig, which lays out and draws every figure twice.
        canvas = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]  # matplotlib's own gap
    root = ET.fromstring(buffer.getvalue())  # noqa: S314 -- written one line above, not read from anywhere
    _reduce(root)
    _rename(root, key)
    if behind is not None:
        place = {name: f"{getattr(behind, name):g}" for name in ("x", "y", "width", "height")}
        root.insert(0, ET.Element("image", place | {"href": _PNG + behind.png}))
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": label}
    root.attrib |= {"width": f"{float(width) * 4 / 3:.0f}", "height": f"{float(height) * 4 / 3:.0f}"}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 -- serialised by the XML library, which escapes text


def _reduce(root: ET.Element) -> None:
    """Keep the drawing: no metadata, styles, name spaces or digits that nobody sees."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in _DROPPED:
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        if element.tag != "text":
            element.text = None
        _flatten(element)
    for shape in root.iterfind(".//defs/path"):
        # Each use of a mark says how it is painted; what stands here would hide it from rules for the dark.
        shape.attrib = {key: value for key, value in shape.attrib.items() if key not in _PRESENTATION}


def _flatten(element: ET.Element) -> None:
    """Turn the style attribute into presentation attributes and shorten numbers."""
    attributes = {key: value for key, value in element.attrib.items() if "}" not in key}
    if _XLINK in element.attrib:
        attributes["href"] = element.attrib[_XLINK]
    for declaration in attributes.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            attributes |= _font(value)
        elif name in _PRESENTATION:
            attributes[name] = value
    for key in {"d", "x", "y", "transform", "points"} & attributes.keys():
        attributes[key] = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", " ".join(attributes[key].split()))
    element.attrib = attributes


def _font(shorthand: str) -> dict[str, str]:
    """Read what the style sheet does not decide from CSS ``font``, which older versions of matplotlib write."""
    size = re.search(r"([\d.]+px)", shorthand)
    style = re.search(r"\b(italic|oblique)\b", shorthand)
    return ({"font-size": size[1]} if size else {}) | ({"font-style": style[1]} if style else {})


def _rename(root: ET.Element, key: str) -> None:
    """Number the ids that something refers to; drop the others."""
    text = ET.tostring(root, encoding="unicode")
    wanted = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    names: dict[str, str] = {}
    for element in root.iter():
        name = element.attrib.pop("id", None)
        if name in wanted:
            element.attrib["id"] = names.setdefault(str(name), f"{key}-{len(names)}")
    for element in root.iter():
        for attribute, value in element.attrib.items():
            if attribute == "href" and value.startswith("#"):
                element.attrib[attribute] = f"#{names[value[1:]]}"
            elif value.startswith("url(#"):
                element.attrib[attribute] = f"url(#{names[value[5:-1]]})"
