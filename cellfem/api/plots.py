"""The pictures of a run as matplotlib figures: those that a run writes, of any of its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellfem.scene.files import SceneError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cellfem.api.result import Result
    from cellfem.output.scenes import Scene


class Plots:
    """The pictures of one run; each makes a new figure, which may be changed and saved."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def history(self) -> Figure:
        """Contact, voltage (without a current: resistance), voids and largest gap over time."""
        from cellfem.output.pictures import draw_history

        run = self._result
        case = run.case.checked
        volume = run.axisymmetric or case.stack.dimension == 3
        half = case.interface.half_pressure
        return draw_history(None, run.rows, half_pressure_MPa=half, title=case.title, axisymmetric=volume)

    def interface(self, time: object = None) -> Figure:
        """Gap, contact, current and porosity along Γ at the output nearest to a time ("10 min"),
        the last one without, beside the start. In 3-D maps over Γ. Raises SceneError."""
        start, end = self._scenes(time)
        case = self._result.case.checked
        if case.stack.dimension == 3:
            from cellfem.output.solid_picture import draw_maps

            return draw_maps(None, start, end, delta_um=case.interface.roughness, title=case.title)
        from cellfem.output.pictures import draw_interface

        look: dict[str, Any] = {"title": case.title, "axisymmetric": self._result.axisymmetric}
        return draw_interface(None, start, end, delta_um=case.interface.roughness, **look)

    def stack(self, time: object = None) -> Figure:
        """Lithium and LLZO at the output nearest to a time, the last one without, beside the start:
        creep rate, current density, voids. Raises SceneError, in 3-D also without off-screen
        OpenGL."""
        start, end = self._scenes(time)
        case, notes = self._result.case.checked, list[str]()
        if case.stack.dimension == 3:
            from cellfem.output.solid_picture import draw_solid

            drawn = draw_solid(None, start, end, delta_um=case.interface.roughness, title=case.title, note=notes.append)
            if drawn is None:
                raise SceneError(" ".join(notes))
            return drawn
        from cellfem.output.stack_picture import draw_stack

        relief = None
        if case.roughness.kind != "none":
            from cellfem.runner.prepare import relief_of

            relief = relief_of(case)
        look: dict[str, Any] = {"title": case.title, "axisymmetric": self._result.axisymmetric}
        return draw_stack(None, start, end, delta_um=case.interface.roughness, relief=relief, note=notes.append, **look)

    def _scenes(self, time: object) -> tuple[Scene, Scene]:
        from cellfem.scene.moments import scene_at

        run = self._result
        files = run.fields
        start, end = (scene_at(files, moment, run.axisymmetric) for moment in (files.times[0], run.nearest(time)))
        return start, end
