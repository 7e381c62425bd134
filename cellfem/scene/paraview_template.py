"""Scene of a cellfem run for ParaView 5.11 and later; written by `cellfem scene`.

    pvbatch scene.py                    scene.png and the state scene.pvsm beside this file
    pvbatch scene.py --animation        and a picture of every time in scene_frames/
    paraview --script=scene.py          in the window; also File > Load State … > scene.py

On a machine without a display: xvfb-run -a pvbatch scene.py, or a ParaView built with EGL or
OSMesa.
"""

import json
import os
import sys

import paraview
from paraview.simple import (
    AnnotateTimeFilter,
    AssignViewToLayout,
    Clip,
    ColorBy,
    Contour,
    CreateLayout,
    CreateView,
    ExtractBlock,
    ExtractSurface,
    FeatureEdges,
    GetAnimationScene,
    GetColorTransferFunction,
    GetScalarBar,
    Line,
    OpenDataFile,
    PointSource,
    PVDReader,
    RotationalExtrusion,
    SaveScreenshot,
    SaveState,
    Show,
    Text,
    Transform,
)  # fmt: skip

LOOK = json.loads(r"""@LOOK@""")

UNREAD = (
    "ParaView could not read {} of {}, its own messages say why. Files of cellfem before 2026-11-26 hold appended data, which "
    "ParaView before 5.12 cannot read beside a new expat library: run the case again, take a newer ParaView, or cellfem render."
)
WIDTH, HEIGHT = 1600, 1500  # pixels of the pictures
UPPER = 0.62  # share of the height of the panel with the whole stack
RIGHT = 0.24  # share of the width that is left to the colour bars
INK = [0.19, 0.19, 0.19]
COLOURED = {
    "lithium": ("creep_rate_1_s", "creep", "creep rate in lithium (1/s)"),
    "LLZO": ("current_density_mA_cm2", "current", "current density in LLZO (mA/cm2)"),
    "interface": ("dendrite_index", "index", "dendrite index K_I/K_Ic"),
    "flaws": ("dendrite_index", "index", "dendrite index K_I/K_Ic"),
}


def here():
    """The folder of the run: that of this script if Python gives it, otherwise the one where it was
    written."""
    folder = os.path.dirname(os.path.abspath(__file__)) if "__file__" in globals() else LOOK["folder"]
    return folder if os.path.exists(os.path.join(folder, LOOK["series"])) else LOOK["folder"]


def lookup(name):
    """Colour table of a field with the fixed range of the whole run."""
    field = {"creep": "creep_rate_1_s", "current": "current_density_mA_cm2", "index": "dendrite_index"}[name]
    low, high = {"creep": LOOK["creep"], "current": (0.0, LOOK["current_top"]), "index": (0.0, LOOK["index_top"])}[name]
    table = GetColorTransferFunction(field)
    table.AutomaticRescaleRangeMode = "Never"
    table.ColorSpace = "RGB"
    if name == "current":
        table.VectorMode = "Magnitude"
    points = []
    for place, *rgb in LOOK["colours"][name]:
        value = low * (high / low) ** place if name == "creep" else low + (high - low) * place
        points += [value, *rgb]
    table.RGBPoints = points
    table.UseLogScale = int(name == "creep")
    return table


def coloured(proxy, view, part, bar=None):
    """Show a part in its colours; bar: (left, bottom) of its colour bar in the view, or None."""
    field, name, title = COLOURED[part]
    shown = Show(proxy, view)
    shown.Representation = "Surface"
    proxy.UpdatePipeline(LOOK["shown"])
    if field not in [array.Name for array in proxy.PointData]:  # not in output.fields
        shown.ColorArrayName = [None, ""]
        return shown
    ColorBy(shown, ("POINTS", field, "Magnitude") if name == "current" else ("POINTS", field))
    table = lookup(name)
    shown.LookupTable = table
    shown.SetScalarBarVisibility(view, bar is not None)
    if bar is not None:
        scale = GetScalarBar(table, view)
        scale.Title, scale.ComponentTitle = title, ""
        scale.TitleColor = scale.LabelColor = INK
        scale.TitleFontSize = scale.LabelFontSize = 15
        scale.HorizontalTitle = 1
        scale.ScalarBarThickness, scale.ScalarBarLength = 18, 0.26
        scale.WindowLocation, scale.Position = "Any Location", list(bar)
        scale.AutomaticLabelFormat = 0
        scale.LabelFormat = scale.RangeLabelFormat = "%.0e" if name == "creep" else "%.3g"
    return shown


def plain(proxy, view, colour, width=1.0, representation="Surface"):
    """Show a part in one colour."""
    shown = Show(proxy, view)
    shown.Representation = representation
    shown.ColorArrayName = [None, ""]
    shown.AmbientColor = shown.DiffuseColor = colour
    shown.LineWidth = width
    shown.Ambient, shown.Diffuse = 1.0, 0.0
    return shown


def unlit(shown):
    """The colours of the table without shading: the picture is a map."""
    shown.Ambient, shown.Diffuse, shown.Specular = 1.0, 0.0, 0.0
    return shown


def lit(shown):
    """A body: shaded lightly, so that its colours can be read from the bar."""
    shown.Ambient, shown.Diffuse, shown.Specular = 0.45, 0.6, 0.0
    return shown


def note(text, view, where, size=16, bold=0):
    source = Text(Text=text)
    shown = Show(source, view)
    shown.WindowLocation = where
    shown.Color, shown.FontSize, shown.Bold = INK, size, bold


def new_view(flat):
    view = CreateView("RenderView")
    view.UseColorPaletteForBackground = 0
    view.Background = [1.0, 1.0, 1.0]
    view.OrientationAxesVisibility = 0
    if flat:
        view.InteractionMode = "2D"
        view.CameraParallelProjection = 1
    return view


def look_at_plane(view, low, high, aspect):
    """Camera along -z on the rectangle, with room for the colour bars on the right."""
    width, height = (high[0] - low[0]) / (1 - RIGHT), 1.12 * (high[1] - low[1])
    middle = [low[0] + 0.5 * width - 0.03 * width, 0.5 * (low[1] + high[1])]
    view.CameraFocalPoint = [*middle, 0.0]
    view.CameraPosition = [*middle, 10 * max(width, height)]
    view.CameraViewUp = [0.0, 1.0, 0.0]
    view.CameraParallelScale = 0.5 * max(height, width / aspect)


def part_of(reader, name):
    part = ExtractBlock(registrationName=name, Input=reader)
    part.Selectors = ["//" + name]
    return part


def stretched(proxy, factor, name, in_front=0.0):
    """Heights times `factor`; in_front: shift towards the camera, so that lines are not hidden by
    surfaces."""
    moved = Transform(registrationName=f"{name}, heights x {factor:g}", Input=proxy)
    moved.Transform.Scale = [1.0, factor, 1.0]
    moved.Transform.Translate = [0.0, 0.0, in_front]
    moved.TransformAllInputVectors = 0  # the shape is stretched, not the velocity
    return moved


def outline(proxy, view, colour=INK, width=1.4):
    """The edges of a surface, for example of a void, which would otherwise be invisible."""
    edges = FeatureEdges(Input=ExtractSurface(Input=proxy))
    edges.FeatureEdges = edges.ManifoldEdges = edges.NonManifoldEdges = 0
    edges.BoundaryEdges = 1
    if hasattr(edges, "Coloring"):
        edges.Coloring = 0
    return plain(edges, view, colour, width)


def bar(view, start, end):
    """A scale bar, whose length is given in the note of the view."""
    plain(Line(registrationName="scale bar", Point1=start, Point2=end), view, INK, 4.0)


def bar_below(view):
    """A bar of LOOK["bar"] below a section; returns the height added to the section."""
    low, high = LOOK["low"], LOOK["high"]
    below = 0.05 * (high[1] - low[1])
    bar(view, [low[0], low[1] - 0.6 * below, 0.0], [low[0] + LOOK["bar"], low[1] - 0.6 * below, 0.0])
    return below


def mark(view, factor, in_front):
    """A ring at the worst place of the interface."""
    if LOOK["worst"] is None:
        return
    x, y, z = LOOK["worst"][0]
    for colour, size, ahead in ((INK, 24.0, 1), ([1.0, 1.0, 1.0], 16.0, 2)):
        dot = PointSource(registrationName=LOOK["worst"][1], NumberOfPoints=1, Radius=0.0)
        dot.Center = [x, factor * y, z + ahead * in_front]
        shown = plain(dot, view, colour, representation="Points")
        shown.PointSize = size
        shown.RenderPointsAsSpheres = 1


def marked():
    """Meaning of the ring, for the note of a view."""
    return "" if LOOK["worst"] is None else "; ring: " + LOOK["worst"][1]


def section(parts, view, factor, bars):
    """The cross-section in x and height, stretched vertically by `factor`."""
    bar_places = {"lithium": (0.78, 0.68), "LLZO": (0.78, 0.36), "interface": (0.78, 0.04)}
    for name in ("LLZO", "lithium"):
        unlit(coloured(stretched(parts[name], factor, name), view, name, bar_places[name] if bars else None))
    step = 0.01 * (LOOK["high"][0] - LOOK["low"][0])
    void = stretched(parts["void"], factor, "void", step)
    plain(void, view, [1.0, 1.0, 1.0])
    outline(void, view)
    for number, name in enumerate(("interface", "flaws")):
        if name in parts:
            lines = stretched(parts[name], factor, name, (2 + number) * step)
            shown = unlit(coloured(lines, view, name, bar_places["interface"] if bars and name == "interface" else None))
            shown.LineWidth = {"interface": 5.0, "flaws": 3.0}[name] if factor == 1 else {"interface": 9.0, "flaws": 4.0}[name]


def revolved(proxy, name):
    """Three quarters of the body of revolution of the section."""
    upright = Transform(registrationName=name + ", upright", Input=proxy)
    upright.Transform.Rotate = [90.0, 0.0, 0.0]  # height along z, the axis of the extrusion
    around = RotationalExtrusion(registrationName=name + ", revolved", Input=ExtractSurface(Input=upright))
    around.Angle, around.Resolution, around.Capping = 270.0, 90, 1
    return around


def look_at_body(view, low, high, up, direction=(0.62, -0.66, 0.42)):
    """Camera on the cut side of the body, with its centre left of the colour bars."""
    size = [high[k] - low[k] for k in range(3)]
    reach = max(size)
    middle = [0.5 * (low[k] + high[k]) for k in range(3)]
    view.CameraParallelProjection = 1
    aside = 0.22 * reach  # to the right of the camera, where the colour bars are
    view.CameraFocalPoint = [middle[0] - aside * direction[1], middle[1] + aside * direction[0], middle[2]]
    view.CameraPosition = [view.CameraFocalPoint[k] + 5 * reach * direction[k] for k in range(3)]
    view.CameraViewUp = up
    view.CameraParallelScale = 0.62 * reach


def build():
    """The pipeline and its two views; the layout that holds them."""
    path = os.path.join(here(), LOOK["series"])
    if path.endswith(".pvd"):
        reader = PVDReader(registrationName=LOOK["series"], FileName=path)
    else:
        reader = OpenDataFile(path, registrationName=LOOK["series"])  # VTKHDF: ParaView 5.12 and later
    reader.UpdatePipeline(LOOK["shown"])
    names = ["lithium", "LLZO", "void", "interface"] + (["flaws"] if LOOK["with_flaws"] else [])
    parts = {name: part_of(reader, name) for name in names}
    for name in ("lithium", "LLZO"):
        parts[name].UpdatePipeline(LOOK["shown"])
        if parts[name].GetDataInformation().GetNumberOfPoints() == 0:
            raise RuntimeError(UNREAD.format(name, path))
    scene = GetAnimationScene()
    scene.UpdateAnimationUsingDataTimeSteps()
    scene.AnimationTime = LOOK["shown"]
    layout = CreateLayout(name=LOOK["title"] or "cellfem")
    layout.SplitVertical(0, UPPER)
    upper, lower = new_view(LOOK["kind"] == "plane"), new_view(LOOK["kind"] != "3d")
    AssignViewToLayout(view=upper, layout=layout, hint=1)
    AssignViewToLayout(view=lower, layout=layout, hint=2)
    layout.SetSize(WIDTH, HEIGHT)
    low, high = LOOK["low"], LOOK["high"]
    note(LOOK["title"], upper, "Upper Left Corner", 20, 1)
    if LOOK["kind"] == "3d":
        build_body(parts, upper, lower)
    elif LOOK["kind"] == "axisymmetric":
        bars = {"lithium": (0.78, 0.68), "LLZO": (0.78, 0.36), "interface": (0.78, 0.04)}
        for name in ("LLZO", "lithium", "interface"):
            lit(coloured(revolved(parts[name], name), upper, name, bars[name]))
        plain(revolved(parts["void"], "void"), upper, [1.0, 1.0, 1.0])
        radius = high[0]
        look_at_body(upper, [-radius, -radius, low[1]], [radius, radius, high[1]], [0.0, 0.0, 1.0])
        bar(upper, [-radius, -1.05 * radius, low[1]], [LOOK["bar"] - radius, -1.05 * radius, low[1]])
        note(f"true proportions, revolved about the axis; bar: {LOOK['bar']:g} um", upper, "Lower Left Corner")
    else:
        section(parts, upper, 1, True)
        mark(upper, 1, 0.05 * (high[0] - low[0]))
        look_at_plane(upper, [low[0], low[1] - bar_below(upper)], high, WIDTH / (UPPER * HEIGHT))
        note(f"true proportions; bar: {LOOK['bar']:g} um{marked()}", upper, "Lower Left Corner")
    if LOOK["kind"] != "3d":
        factor, strip = LOOK["exaggeration"], LOOK["strip"]
        section(parts, lower, factor, False)
        mark(lower, factor, 0.05 * (high[0] - low[0]))
        aside = low[0] - 0.015 * (high[0] - low[0])
        bar(lower, [aside, factor * strip[0], 0.0], [aside, factor * (strip[0] + LOOK["bar_up"]), 0.0])
        look_at_plane(lower, [low[0], factor * strip[0]], [high[0], factor * strip[1]], WIDTH / ((1 - UPPER) * HEIGHT))
        of_height = f"bar: {1e3 * LOOK['bar_up']:g} nm of height"
        note(f"around the interface, heights x {factor:g}; {of_height}", lower, "Lower Left Corner")
    when = AnnotateTimeFilter(Input=reader, Format="{time:.4g} s" if ParaViewVersion() >= (5, 11) else "%.4g s")
    shown = Show(when, upper)
    shown.WindowLocation, shown.Color, shown.FontSize = "Upper Right Corner", INK, 18
    return layout


def build_body(parts, upper, lower):
    """A stack in three dimensions: cut open above, Γ seen from the lithium below."""
    low, high = LOOK["low"], LOOK["high"]
    bars = {"lithium": (0.78, 0.68), "LLZO": (0.78, 0.36), "interface": (0.78, 0.04)}
    front = [0.0, LOOK["cut"] - 1e-6 * (high[1] - low[1]), 0.0]
    for name in ("LLZO", "lithium", "void", "interface"):
        cut = Clip(registrationName=name + ", cut open", Input=parts[name])
        cut.ClipType.Origin, cut.ClipType.Normal = front, [0.0, 1.0, 0.0]
        cut.Invert = 0
        if name == "void":
            plain(cut, upper, [0.92, 0.96, 1.0])
        else:
            lit(coloured(cut, upper, name, bars[name]))
    look_at_body(upper, low, high, [0.0, 0.0, 1.0], [-0.5, -0.75, 0.35])
    base = [low[0], LOOK["cut"] - 0.03 * (high[0] - low[0]), low[2]]
    bar(upper, base, [base[0] + LOOK["bar"], base[1], base[2]])
    note(f"true proportions, cut open through the deepest void; bar: {LOOK['bar']:g} um", upper, "Lower Left Corner")
    unlit(coloured(parts["interface"], lower, "interface"))
    if "gap_um" in [array.Name for array in parts["interface"].PointData]:
        raised = Transform(registrationName="interface, raised", Input=parts["interface"])
        raised.Transform.Translate = [0.0, 0.0, 0.01 * (high[0] - low[0])]
        rims = Contour(registrationName="edges of voids", Input=raised)
        rims.ContourBy, rims.Isosurfaces = ["POINTS", "gap_um"], [LOOK["open_gap"]]
        plain(rims, lower, [1.0, 1.0, 1.0], 3.0)
    if "flaws" in parts:
        coloured(parts["flaws"], lower, "flaws").LineWidth = 4.0
    lower.InteractionMode = "2D"
    lower.CameraParallelProjection = 1
    mark(lower, 1, 0.02 * (high[0] - low[0]))
    look_at_plane(lower, [low[0], low[1] - bar_below(lower)], high, WIDTH / ((1 - UPPER) * HEIGHT))
    note(f"the interface from above; white: edges of voids; bar: {LOOK['bar']:g} um{marked()}", lower, "Lower Left Corner")


def ParaViewVersion():
    version = paraview.servermanager.vtkSMProxyManager
    return version.GetVersionMajor(), version.GetVersionMinor()


def main():
    layout = build()
    if paraview.fromGUI:
        return
    folder = here()
    SaveState(os.path.join(folder, "scene.pvsm"))
    SaveScreenshot(os.path.join(folder, "scene.png"), layout, ImageResolution=[WIDTH, HEIGHT])
    print(os.path.join(folder, "scene.png"))
    if "--animation" in sys.argv:
        frames = os.path.join(folder, "scene_frames")
        os.makedirs(frames, exist_ok=True)
        scene = GetAnimationScene()
        for number, time in enumerate(LOOK["times"]):
            scene.AnimationTime = time
            SaveScreenshot(os.path.join(frames, f"scene_{number:05d}.png"), layout, ImageResolution=[WIDTH, HEIGHT])
        print(frames)


main()
