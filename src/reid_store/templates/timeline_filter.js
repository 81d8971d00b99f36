// Whom, where and when: the filter, the range of time, zooming.
const LEAST_S = 0.2;
const personBox = find("person"), fromBox = find("from"), toBox = find("to");
let asked = 0;

function later(act) { // once before the next picture, however often it was asked for
  cancelAnimationFrame(asked);
  asked = requestAnimationFrame(act);
}

function setRange(from, to) {
  const width = Math.min(Math.max(to - from, LEAST_S), whole[1] - whole[0]);
  const middle = (from + to) / 2;
  state.from = Math.max(whole[0], Math.min(middle - width / 2, whole[1] - width));
  state.to = state.from + width;
  writeTimes();
  later(() => { drawAxis(); drawBrush(); refresh(); });
}

function writeTimes() {
  fromBox.value = forInput(state.from);
  toBox.value = forInput(state.to, true);
  for (const box of [fromBox, toBox]) box.removeAttribute("aria-invalid");
  find("wrong").hidden = true;
}

function readTimes() {
  const from = fromInput(fromBox.value), to = fromInput(toBox.value);
  const problem = isNaN(from) || isNaN(to) ? "Write times as 2026-01-31 12:00, or 12:00:05." : from >= to ? "The end must be after the start."
    : to < whole[0] || from > whole[1] ? `Nothing was seen then, only from ${forInput(whole[0])} to ${forInput(whole[1], true)}.` : "";
  fromBox.setAttribute("aria-invalid", isNaN(from));
  toBox.setAttribute("aria-invalid", isNaN(to) || (problem !== "" && !isNaN(from)));
  find("wrong").textContent = problem;
  find("wrong").hidden = !problem;
  if (!problem) setRange(Math.max(from, whole[0]), Math.min(to, whole[1]));
}

function zoomTo(d) {
  const span = Math.max(LEAST_S, (state.to - state.from) / 8);
  setRange(seen.time[d] - span / 2, seen.time[d] + span / 2);
  later(() => { drawAxis(); drawBrush(); refresh(); laneOf.get(d).element.scrollIntoView({ block: "center" }); });
}

function zoom(way) {
  const span = state.to - state.from, lane = laneOf.get(state.current);
  const looking = document.activeElement?.detection === state.current && lane && inRange(lane, state.current);
  const middle = looking ? seen.time[state.current] : (state.from + state.to) / 2;
  if (way === "in") setRange(middle - span / 4, middle + span / 4);
  if (way === "out") setRange(middle - span, middle + span);
  if (way === "left") setRange(state.from - span / 2, state.to - span / 2);
  if (way === "right") setRange(state.from + span / 2, state.to + span / 2);
  if (way === "all") setRange(...whole);
}

// How many there are of those who were chosen, over the whole time.
function drawOverview() {
  const place = find("overview"), bins = 160, most = 30, heights = new Array(bins).fill(0);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${bins} ${most}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const tables = data.cameras.map(() => new Array(bins).fill(0));
  for (const d of strips.filter(chosen).flatMap((strip) => strip.items)) {
    const bin = Math.min(bins - 1, Math.floor(((seen.time[d] - whole[0]) / (whole[1] - whole[0])) * bins));
    tables[cameraOf(d)][bin] += 1;
    heights[bin] += 1;
  }
  const scale = (most - 2) / Math.max(1, ...heights), base = new Array(bins).fill(most);
  tables.forEach((table, camera) => {
    const path = document.createElementNS(svg.namespaceURI, "path");
    let shape = "";
    table.forEach((n, bin) => {
      if (!n) return;
      const high = n * scale;
      base[bin] -= high;
      shape += `M${bin} ${base[bin].toFixed(2)}h.9v${high.toFixed(2)}h-.9z`;
    });
    path.setAttribute("d", shape);
    path.style.fill = colourOf(camera);
    svg.append(path);
  });
  place.replaceChildren(svg, make("div", { class: "brush" }));
  drawBrush();
}

function drawBrush() {
  const brush = find("overview").querySelector(".brush"), all = whole[1] - whole[0];
  brush.style.left = `${(100 * (state.from - whole[0])) / all}%`;
  brush.style.right = `${(100 * (whole[1] - state.to)) / all}%`;
  brush.hidden = state.from === whole[0] && state.to === whole[1];
}

// Drag across an element to choose a range of time; a click moves the range there.
function draggable(element, range) {
  let start = null;
  const mark = make("div", { class: "brush" });
  const at = (event) => {
    const { left, width } = element.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width));
  };
  element.addEventListener("pointerdown", (event) => {
    start = at(event);
    element.setPointerCapture(event.pointerId);
    element.append(mark);
    mark.style.left = mark.style.right = "";
    mark.hidden = true;
    event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const now = at(event);
    mark.hidden = false;
    mark.style.left = `${100 * Math.min(start, now)}%`;
    mark.style.right = `${100 - 100 * Math.max(start, now)}%`;
  });
  const end = (event, take) => {
    if (start === null) return;
    const [low, high] = range(), now = at(event), [a, b] = [Math.min(start, now), Math.max(start, now)];
    start = null;
    mark.remove();
    if (!take) return;
    const time = (share) => low + share * (high - low);
    if ((b - a) * element.clientWidth > 4) setRange(time(a), time(b));
    else if (element.id === "overview") setRange(time(a) - (state.to - state.from) / 2, time(a) + (state.to - state.from) / 2);
  };
  element.addEventListener("pointerup", (event) => end(event, true));
  element.addEventListener("pointercancel", (event) => end(event, false));
}

function buildFilter() {
  data.cameras.forEach((name, camera) => {
    const box = make("input", { type: "checkbox", value: camera });
    box.checked = true;
    box.addEventListener("change", () => {
      if (box.checked) state.cameras.add(camera); else state.cameras.delete(camera);
      later(() => { drawOverview(); refresh(); });
    });
    find("cameras").append(make("label", { "--camera": colourOf(camera) }, box, make("span", { class: "dot" }), make("span", {}, name)));
  });
  personBox.addEventListener("input", () => {
    state.words = personBox.value.trim().toLowerCase();
    later(() => { drawOverview(); refresh(); });
  });
  for (const box of [fromBox, toBox]) {
    box.addEventListener("change", readTimes);
  }
  for (const radio of document.querySelectorAll("#grouping input")) {
    radio.checked = radio.value === state.by;
    radio.addEventListener("change", () => { state.by = radio.value; buildRows(); refresh(); });
  }
  find("grouping").hidden = !data.persons.length;
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(button.dataset.zoom));
  find("reset").addEventListener("click", () => {
    personBox.value = state.words = "";
    state.cameras = new Set(data.cameras.keys());
    for (const box of document.querySelectorAll("#cameras input")) box.checked = true;
    drawOverview();
    setRange(...whole);
  });
  draggable(find("overview"), () => whole);
  draggable(find("axis"), () => [state.from, state.to]);
}
