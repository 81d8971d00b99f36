// Filter by person, camera and time; zoom.
const MIN_RANGE_S = 0.2;
const personField = find("person"), fromField = find("from"), toField = find("to");
let scheduled = 0;

function schedule(action) { // at most once per animation frame
  cancelAnimationFrame(scheduled);
  scheduled = requestAnimationFrame(action);
}

function setRange(from, to) {
  const width = Math.min(Math.max(to - from, MIN_RANGE_S), fullRange[1] - fullRange[0]);
  const middle = (from + to) / 2;
  state.from = Math.max(fullRange[0], Math.min(middle - width / 2, fullRange[1] - width));
  state.to = state.from + width;
  writeTimes();
  schedule(() => { drawAxis(); drawBrush(); refresh(); });
}

function writeTimes() {
  fromField.value = formatInput(state.from);
  toField.value = formatInput(state.to, true);
  for (const field of [fromField, toField]) field.removeAttribute("aria-invalid");
  find("time-error").hidden = true;
}

function readTimes() {
  const from = parseInput(fromField.value), to = parseInput(toField.value);
  const problem = isNaN(from) || isNaN(to) ? "Write times as 2026-01-31 12:00 or 12:00:05." : from >= to ? "The end must be after the start."
    : to < fullRange[0] || from > fullRange[1] ? `Detections are only from ${formatInput(fullRange[0])} to ${formatInput(fullRange[1], true)}.` : "";
  fromField.setAttribute("aria-invalid", isNaN(from));
  toField.setAttribute("aria-invalid", isNaN(to) || (problem !== "" && !isNaN(from)));
  find("time-error").textContent = problem;
  find("time-error").hidden = !problem;
  if (!problem) setRange(Math.max(from, fullRange[0]), Math.min(to, fullRange[1]));
}

function zoomTo(d) {
  const span = Math.max(MIN_RANGE_S, (state.to - state.from) / 8);
  setRange(detections.time[d] - span / 2, detections.time[d] + span / 2);
  schedule(() => { drawAxis(); drawBrush(); refresh(); laneOf.get(d).element.scrollIntoView({ block: "center" }); });
}

function zoom(direction) {
  const span = state.to - state.from, lane = laneOf.get(state.current);
  const isFocused = document.activeElement?.detection === state.current && lane && inRange(lane, state.current);
  const middle = isFocused ? detections.time[state.current] : (state.from + state.to) / 2;
  if (direction === "in") setRange(middle - span / 4, middle + span / 4);
  if (direction === "out") setRange(middle - span, middle + span);
  if (direction === "left") setRange(state.from - span / 2, state.to - span / 2);
  if (direction === "right") setRange(state.from + span / 2, state.to + span / 2);
  if (direction === "all") setRange(...fullRange);
}

// Histogram of the selected detections over the whole time.
function drawOverview() {
  const overview = find("overview"), bins = 160, most = 30, heights = new Array(bins).fill(0);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${bins} ${most}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const counts = data.cameras.map(() => new Array(bins).fill(0));
  for (const d of sequences.filter(isSelected).flatMap((sequence) => sequence.items)) {
    const bin = Math.min(bins - 1, Math.floor(((detections.time[d] - fullRange[0]) / (fullRange[1] - fullRange[0])) * bins));
    counts[cameraOf(d)][bin] += 1;
    heights[bin] += 1;
  }
  const scale = (most - 2) / Math.max(1, ...heights), base = new Array(bins).fill(most);
  counts.forEach((ofCamera, camera) => {
    const path = document.createElementNS(svg.namespaceURI, "path");
    let shape = "";
    ofCamera.forEach((n, bin) => {
      if (!n) return;
      const barHeight = n * scale;
      base[bin] -= barHeight;
      shape += `M${bin} ${base[bin].toFixed(2)}h.9v${barHeight.toFixed(2)}h-.9z`;
    });
    path.setAttribute("d", shape);
    path.style.fill = colorOf(camera);
    svg.append(path);
  });
  overview.replaceChildren(svg, make("div", { class: "brush" }));
  drawBrush();
}

function drawBrush() {
  const brush = find("overview").querySelector(".brush"), all = fullRange[1] - fullRange[0];
  brush.style.left = `${(100 * (state.from - fullRange[0])) / all}%`;
  brush.style.right = `${(100 * (fullRange[1] - state.to)) / all}%`;
  brush.hidden = state.from === fullRange[0] && state.to === fullRange[1];
}

// Drag across an element to select a time range; a click centers the range there.
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
      schedule(() => { drawOverview(); refresh(); });
    });
    find("cameras").append(make("label", { "--camera": colorOf(camera) }, box, make("span", { class: "dot" }), make("span", {}, name)));
  });
  personField.addEventListener("input", () => {
    state.text = personField.value.trim().toLowerCase();
    schedule(() => { drawOverview(); refresh(); });
  });
  for (const field of [fromField, toField]) {
    field.addEventListener("change", readTimes);
  }
  for (const radio of document.querySelectorAll("#grouping input")) {
    radio.checked = radio.value === state.by;
    radio.addEventListener("change", () => { state.by = radio.value; buildRows(); refresh(); });
  }
  find("grouping").hidden = !data.persons.length;
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(button.dataset.zoom));
  find("reset").addEventListener("click", () => {
    personField.value = state.text = "";
    state.cameras = new Set(data.cameras.keys());
    for (const box of document.querySelectorAll("#cameras input")) box.checked = true;
    drawOverview();
    setRange(...fullRange);
  });
  draggable(find("overview"), () => fullRange);
  draggable(find("axis"), () => [state.from, state.to]);
}
