# docker build --build-arg COMMIT="$(git describe --always --dirty=+)" -t cellfem .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD/results:/results" cellfem cellfem run /cases/strip-void --out /results/strip-void
# As batch systems run it: --read-only --cap-drop=all --network=none, any uid. See docs/batch.md.
FROM debian:trixie-slim

# gcc and headers: FFCx compiles the equations. GL and X libraries: gmsh is linked to them. EGL: pictures without a screen.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates python3 python3-venv gcc libc6-dev libpython3-dev \
        libglu1-mesa libgl1 libxcursor1 libxft2 libxinerama1 libgomp1 libegl1 \
    && rm -rf /var/lib/apt/lists/*

RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
# Dependencies in a layer of their own, in the locked versions, without the tools of development.
COPY requirements.lock pyproject.toml README.md LICENSE /src/
COPY cellfem/__init__.py /src/cellfem/
RUN pip install --no-cache-dir --constraint /src/requirements.lock setuptools /src
COPY cellfem /src/cellfem
RUN pip install --no-cache-dir --no-deps --no-build-isolation --force-reinstall /src
COPY cases /cases
COPY meshes /meshes

# MPICH may not read another process's memory under docker's seccomp rules, and ranks that the host's launcher starts, each in a
# container (a user namespace) of its own, may not open each other's files in /proc (UCX). A place to write in is looked for in the results' folder
# first: the root file system may be read-only, and the user unknown.
ENV OMP_NUM_THREADS=1 \
    MPIR_CVAR_CH4_CMA_ENABLE=0 \
    UCX_POSIX_USE_PROC_LINK=n \
    VTK_DEFAULT_OPENGL_WINDOW=vtkEGLRenderWindow \
    USER=cellfem \
    HOME=/home/cellfem \
    MPLCONFIGDIR=/home/cellfem/.config/matplotlib \
    CELLFEM_FORMS=/opt/forms

# The equations of all shipped cases, compiled: no compiler runs for them later on. The doctor draws, so that matplotlib lists its fonts.
RUN useradd --create-home --uid 1000 cellfem \
    && mkdir -p "$MPLCONFIGDIR" /results \
    && XDG_CACHE_HOME=/tmp/cache python -m cellfem.runner.precompile /opt/forms /cases/*/ \
    && python -m cellfem.doctor \
    && python -c "import matplotlib.font_manager" \
    && rm -rf /tmp/cache \
    && chmod -R a+rX /opt/forms && chmod -R a+rwX /home/cellfem /results
# Which source made a result: cellfem writes it into case.resolved.toml.
ARG COMMIT=unknown
ENV CELLFEM_COMMIT=$COMMIT
USER cellfem
WORKDIR /results

CMD ["cellfem", "run", "/cases/strip-void", "--out", "/results/strip-void"]
