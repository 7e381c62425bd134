# docker build --build-arg COMMIT="$(git describe --always --dirty=+)" -t cellfem .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD/results:/results" cellfem cellfem run /cases/strip-void --out /results/strip-void
FROM debian:trixie-slim

# gcc and headers: FFCx compiles the equations. GL and X libraries: gmsh is linked to them. EGL: pictures without a screen.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates python3 python3-venv gcc libc6-dev libpython3-dev \
        libglu1-mesa libgl1 libxcursor1 libxft2 libxinerama1 libgomp1 libegl1 \
    && rm -rf /var/lib/apt/lists/*

RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.lock /src/
RUN pip install --no-cache-dir --requirement /src/requirements.lock
COPY pyproject.toml README.md LICENSE /src/
COPY cellfem /src/cellfem
RUN pip install --no-cache-dir --no-deps --no-build-isolation /src
COPY cases /cases
COPY meshes /meshes

# MPICH may not read another process's memory under docker's seccomp rules; the form cache and matplotlib need a place to write.
ENV OMP_NUM_THREADS=1 \
    MPIR_CVAR_CH4_CMA_ENABLE=0 \
    VTK_DEFAULT_OPENGL_WINDOW=vtkEGLRenderWindow \
    HOME=/home/cellfem \
    XDG_CACHE_HOME=/home/cellfem/.cache \
    MPLCONFIGDIR=/home/cellfem/.config/matplotlib
RUN useradd --create-home cellfem \
    && mkdir -p "$XDG_CACHE_HOME" "$MPLCONFIGDIR" /results \
    && chown -R cellfem:cellfem /home/cellfem /results
# Which source made a result: cellfem writes it into case.resolved.toml.
ARG COMMIT=unknown
ENV CELLFEM_COMMIT=$COMMIT
USER cellfem
WORKDIR /
# Writable for whatever user `docker run --user` names.
RUN python -m cellfem.doctor && chmod -R a+rwX /home/cellfem /results

CMD ["cellfem", "run", "/cases/strip-void", "--out", "/results/strip-void"]
