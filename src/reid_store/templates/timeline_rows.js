// The rows. Only rows near the window have thumbnails, and only as many as fit side by side.
const rowsElement = find("rows");
const BAR = 18, GAP = 4, BINS = 600;
let lanes = [], laneOf = new Map(), shownGroups = [];
let thumb = { width: 36, height: 72 };

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const lane = target.lane;
    lane.isNear = isIntersecting;
    if (isIntersecting) fillLane(lane); else if (!target.contains(document.activeElement)) clearLane(lane);
  }
}, { rootMargin: "500px 0px" });

function buildRows() {
  observer.disconnect();
  rowsElement.textContent = "";
  lanes = [];
  laneOf = new Map();
  measureThumb();
  shownGroups = groupSequences().map(({ key, lanes: inside }) => {
    const name = state.by === "camera" ? cameraTitle(key) : personName(key);
    const label = make("small");
    const heading = make("h2", {}, make("span", {}, name), label);
    if (state.by === "camera") heading.prepend(make("span", { class: "dot", "--camera": colorOf(key) }));
    const section = make("section", { class: "group", "aria-label": name }, heading);
    const made = inside.map((sequence) => {
      const lane = makeLane(sequence);
      section.append(lane.element);
      return lane;
    });
    rowsElement.append(section);
    return { section, label, lanes: made };
  });
  for (const lane of lanes) observer.observe(lane.element);
}

function measureThumb() {
  const style = getComputedStyle(document.documentElement);
  thumb = { width: parseFloat(style.getPropertyValue("--thumb-w")), height: parseFloat(style.getPropertyValue("--thumb-h")) };
}

function makeLane(sequence) {
  const label = state.by === "camera" ? (hasPersons ? personName(sequence.person) : "all people") : cameraTitle(sequence.camera);
  const countLabel = make("small"), span = make("div", { class: "span" });
  const title = make("b", { title: label }, make("span", { class: "dot" }), make("span", {}, label));
  const height = BAR + sequence.lines * (thumb.height + GAP) + 4;
  const element = make("div", { class: "lane", role: "group", "--camera": colorOf(sequence.camera), "--lane-h": `${height}px` },
    make("div", { class: "side" }, title, countLabel), make("div", { class: "track" }, span));
  const name = `${personName(sequence.person)}, camera ${data.cameras[sequence.camera]}`;
  const lane = { sequence, element, span, label: countLabel, name, isNear: false, filled: false, low: 0, high: 0, shown: false };
  element.lane = lane;
  lanes.push(lane);
  for (const d of sequence.items) laneOf.set(d, lane);
  return lane;
}

// Update all rows for the current filter and time range.
function refresh(width = spanWidth()) {
  let total = 0;
  const persons = new Set();
  for (const group of shownGroups) {
    let inGroup = 0, rows = 0;
    for (const lane of group.lanes) {
      lane.low = lowerBound(lane.sequence, state.from);
      lane.high = lowerBound(lane.sequence, state.to, true);
      const inside = lane.high - lane.low;
      lane.shown = inside > 0 && isSelected(lane.sequence);
      lane.element.hidden = !lane.shown;
      if (!lane.shown) { clearLane(lane); continue; }
      inGroup += inside;
      rows += 1;
      if (lane.sequence.person >= 0) persons.add(lane.sequence.person);
      lane.element.setAttribute("aria-label", `${lane.name}, ${inside} detections`);
      if (lane.isNear) fillLane(lane, width);
      else { clearLane(lane); lane.label.textContent = `${inside.toLocaleString("en")} detections`; }
    }
    total += inGroup;
    group.section.hidden = !inGroup;
    const kind = state.by === "camera" ? (data.persons.length ? "rows" : "") : "cameras";
    group.label.textContent = (kind ? `${rows} ${rows === 1 ? kind.slice(0, -1) : kind}, ` : "") + `${inGroup.toLocaleString("en")} detections`;
  }
  const people = data.persons.length ? ` · ${persons.size} of ${data.persons.length} persons` : "";
  find("status").textContent = `${total.toLocaleString("en")} of ${count.toLocaleString("en")} detections${people}`;
  find("no-match").hidden = total > 0;
  updateTabStop();
}

function fillLane(lane, width = spanWidth()) {
  if (!lane.shown) return;
  const focused = lane.span.contains(document.activeElement) ? state.current : -1;
  lane.span.textContent = "";
  lane.filled = true;
  lane.span.append(makeBar(lane));
  const ends = new Array(lane.sequence.lines).fill(-Infinity);
  let drawn = 0;
  for (let k = lane.low; k < lane.high; k++) {
    const d = lane.sequence.items[k], left = fraction(detections.time[d]) * width;
    const line = ends.findIndex((end) => left >= end);
    if (line < 0) continue;
    ends[line] = left + thumb.width + 2;
    lane.span.append(makeThumb(d, line));
    drawn += 1;
  }
  const inside = lane.high - lane.low;
  const all = `${inside.toLocaleString("en")} ${inside === 1 ? "detection" : "detections"}`;
  lane.label.textContent = drawn < inside ? `${drawn} of ${all} shown` : all;
  if (focused < 0 || !inRange(lane, focused)) return;
  if (!thumbOf(focused)) lane.span.append(makeThumb(focused, 0, true));
  thumbOf(focused).focus({ preventScroll: true }); // keyboard users keep their position
}

function clearLane(lane) {
  if (!lane.filled) return;
  lane.span.textContent = "";
  lane.filled = false;
}

// Draw one line per detection, as a single path.
function makeBar(lane) {
  const bins = new Set();
  for (let k = lane.low; k < lane.high; k++) bins.add(Math.round(fraction(detections.time[lane.sequence.items[k]]) * (BINS - 1)));
  let path = "";
  for (const bin of bins) path += `M${bin} 0h1v8h-1z`;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "bar");
  svg.setAttribute("viewBox", `0 0 ${BINS} 8`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  line.setAttribute("fill", "currentColor");
  svg.append(line);
  return svg;
}

function makeThumb(d, line, extra = false) {
  const button = make("button", { type: "button", class: extra ? "thumb extra" : "thumb", "aria-label": describe(d) });
  button.style.left = percent(detections.time[d]);
  button.style.top = `${BAR + line * (thumb.height + GAP)}px`;
  button.tabIndex = d === state.current ? 0 : -1;
  button.detection = d;
  button.dataset.detection = detections.id[d];
  button.setAttribute("aria-pressed", d === state.pinned);
  if (d === state.pinned) button.classList.add("pinned");
  return showSprite(button, d);
}

const describe = (d) => `${personName(detections.person[d])}, camera ${cameraName(d)}, ${clock(detections.time[d])} UTC, frame ${detections.frame[d]}, `
  + `score ${detections.score[d].toFixed(2)}, detection ${detections.id[d]}`;

const thumbOf = (d) => [...(laneOf.get(d)?.span.querySelectorAll(".thumb") ?? [])].find((button) => button.detection === d);

// Exactly one thumbnail is reachable with Tab; arrow keys move on from there.
function updateTabStop() {
  const lane = laneOf.get(state.current);
  if (lane?.shown && inRange(lane, state.current)) return;
  const first = lanes.find((one) => one.shown);
  state.current = first ? first.sequence.items[first.low] : -1;
  const button = first && thumbOf(state.current);
  if (button) button.tabIndex = 0;
}

const inRange = (lane, d) => detections.time[d] >= state.from && detections.time[d] <= state.to;
