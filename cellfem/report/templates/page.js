"use strict";
// Figures are drawn when they come into view or their details are opened: a page of several runs opens at once.
(() => {
  const figures = JSON.parse(document.getElementById("data").textContent);
  // nothing leaves the page: no button that shares a chart. On a narrow screen the buttons would lie on the legend.
  const config = { responsive: true, displaylogo: false, showSendToCloud: false, modeBarButtonsToRemove: ["sendChartToCloud"] };
  if (window.innerWidth < 600) config.displayModeBar = false;
  const drawn = new Set();
  const EYES = { front: { x: 0, y: -1.8, z: 0.25 }, tilted: { x: 1.1, y: -1.3, z: 0.9 }, top: { x: 0, y: -0.05, z: 2.1 } };
  // a plane stack lies in x and y: what is in front of it is z
  const FLAT = { front: { x: 0, y: 0, z: 1.5 }, tilted: { x: 0.7, y: -0.5, z: 1.25 }, top: { x: 0, y: 1.2, z: 0.9 } };

  const camera = (figure, name) => ({
    eye: (figure.flat ? FLAT : EYES)[name],
    up: figure.flat ? { x: 0, y: 1, z: 0 } : { x: 0, y: 0, z: 1 },
    projection: { type: "orthographic" },
  });

  const hasWebgl = () => {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
  };

  function draw(element) {
    const figure = figures[element.id];
    if (!figure || !figure.data || drawn.has(element.id)) return;
    drawn.add(element.id);
    if (figure.needs === "webgl" && !hasWebgl()) {
      element.textContent = "This view needs WebGL, which the browser does not have here; the picture of the stack below shows the same.";
      element.className = "note";
      return;
    }
    if (figure.layout.scene) figure.layout.scene.camera = camera(figure, "front");
    Plotly.newPlot(element, figure.data, figure.layout, config);
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "400px" });
  for (const element of document.querySelectorAll(".figure")) watcher.observe(element);
  window.addEventListener("beforeprint", () => document.querySelectorAll(".figure").forEach(draw));

  for (const slider of document.querySelectorAll(".slider")) {
    const figure = figures[slider.dataset.for];
    const told = slider.closest(".controls").querySelector("output");
    slider.max = figure.times.length - 1;
    const show = () => {
      const frame = figure.frames[slider.value];
      told.textContent = figure.times[slider.value];
      slider.setAttribute("aria-valuetext", figure.times[slider.value]);
      const element = document.getElementById(slider.dataset.for);
      draw(element);
      if (element.data) Plotly.restyle(element, { [figure.key]: frame }, frame.map((_, k) => k));
    };
    slider.value = slider.max;
    told.textContent = figure.times[slider.value];
    slider.setAttribute("aria-valuetext", figure.times[slider.value]);
    figure.data.forEach((trace, k) => { trace[figure.key] = figure.frames[slider.value][k]; });
    slider.addEventListener("input", show);
  }

  for (const button of document.querySelectorAll(".view")) {
    button.addEventListener("click", () => {
      const element = document.getElementById(button.dataset.for);
      draw(element);
      if (element.data) Plotly.relayout(element, { "scene.camera": camera(figures[element.id], button.dataset.eye) });
    });
  }

  const dialog = document.getElementById("enlarged");
  for (const button of document.querySelectorAll(".zoom")) {
    button.addEventListener("click", () => {
      const from = button.querySelector("img");
      const to = dialog.querySelector("img");
      to.src = from.src;
      to.alt = from.alt;
      dialog.showModal();
    });
  }
  document.getElementById("close").addEventListener("click", () => dialog.close());

  if (figures.map) {
    const map = figures.map;
    const [slice, column, point] = ["map-slice", "map-column", "map-point"].map((id) => document.getElementById(id));
    const area = document.getElementById("map");
    const add = (select, value, text) => select.add(new Option(text, value));
    map.slices.forEach((name) => add(slice, name, name || "all points"));
    Object.entries(map.columns).forEach(([name, text]) => add(column, name, text));
    map.points.forEach((one, k) => add(point, k, one.label));
    const choose = (k) => {
      const one = map.points[k];
      point.value = k;
      document.getElementById("map-label").textContent = `${one.label} (${one.folder})`;
      document.getElementById("map-text").textContent = one.text;
      const place = document.getElementById("map-history");
      if (one.figure) Plotly.react(place, one.figure.data, one.figure.layout, config);
      else Plotly.purge(place);
    };
    const show = () => {
      const figure = map.figures[`${slice.value}|${column.value}`];
      Plotly.react(area, figure.data, figure.layout, config);
    };
    show();
    area.on("plotly_click", (event) => choose(event.points[0].customdata));
    slice.addEventListener("change", show);
    column.addEventListener("change", show);
    point.addEventListener("change", () => choose(point.value));
    choose(0);
  }
})();
