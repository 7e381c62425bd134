"""Diffusion of vacancies: contribution of grain boundaries."""


def effective_diffusivity(bulk: float, boundary: float, width: float, size: float) -> float:
    """D + x (D_gb - D), x = 3 width/size: boundaries of cubic grains in parallel to the bulk (Hart
    1957, Acta Metall. 5, 597).

    Diffusivities in one unit, lengths in one unit. Valid if vacancies pass many grains; x ≤ 1.
    """
    share = 3 * width / size
    return bulk + share * (boundary - bulk)
