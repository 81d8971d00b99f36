// The rows. Only those near the window hold thumbnails, and only as many as have room beside each other.
const rowsPlace = find("rows");
const BAR = 18, GAP = 4, BINS = 600;
let lanes = [], laneOf = new Map(), groupsShown = [];
let thumb = { width: 36, height: 72 };

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const lane = target.lane;
    lane.near = isIntersecting;
    if (isIntersecting) fill(lane); else if (!target.contains(document.activeElement)) empty(lane);
  }
}, { rootMargin: "500px 0px" });

function buildRows() {
  watcher.disconnect();
  rowsPlace.textContent = "";
  lanes = [];
  laneOf = new Map();
  measureThumb();
  groupsShown = grouped().map(({ key, lanes: inside }) => {
    const name = state.by === "camera" ? calledCamera(key) : personName(key);
    const told = make("small");
    const heading = make("h2", {}, make("span", {}, name), told);
    if (state.by === "camera") heading.prepend(make("span", { class: "dot", "--camera": colourOf(key) }));
    const section = make("section", { class: "group", "aria-label": name }, heading);
    const made = inside.map((strip) => {
      const lane = makeLane(strip);
      section.append(lane.element);
      return lane;
    });
    rowsPlace.append(section);
    return { section, told, lanes: made };
  });
  for (const lane of lanes) watcher.observe(lane.element);
}

function measureThumb() {
  const style = getComputedStyle(document.documentElement);
  thumb = { width: parseFloat(style.getPropertyValue("--thumb-w")), height: parseFloat(style.getPropertyValue("--thumb-h")) };
}

function makeLane(strip) {
  const label = state.by === "camera" ? (anybody ? personName(strip.person) : "everybody") : calledCamera(strip.camera);
  const told = make("small"), span = make("div", { class: "span" });
  const title = make("b", { title: label }, make("span", { class: "dot" }), make("span", {}, label));
  const height = BAR + strip.lines * (thumb.height + GAP) + 4;
  const element = make("div", { class: "lane", role: "group", "--camera": colourOf(strip.camera), "--lane-h": `${height}px` },
    make("div", { class: "side" }, title, told), make("div", { class: "track" }, span));
  const name = `${personName(strip.person)}, camera ${data.cameras[strip.camera]}`;
  const lane = { strip, element, span, told, name, near: false, filled: false, low: 0, high: 0, shown: false };
  element.lane = lane;
  lanes.push(lane);
  for (const d of strip.items) laneOf.set(d, lane);
  return lane;
}

// Bring all rows up to date with the filter and the range of time.
function refresh(width = spanWidth()) {
  let detections = 0;
  const persons = new Set();
  for (const group of groupsShown) {
    let inGroup = 0, rows = 0;
    for (const lane of group.lanes) {
      lane.low = placeOf(lane.strip, state.from);
      lane.high = placeOf(lane.strip, state.to, true);
      const inside = lane.high - lane.low;
      lane.shown = inside > 0 && chosen(lane.strip);
      lane.element.hidden = !lane.shown;
      if (!lane.shown) { empty(lane); continue; }
      inGroup += inside;
      rows += 1;
      if (lane.strip.person >= 0) persons.add(lane.strip.person);
      lane.element.setAttribute("aria-label", `${lane.name}, ${inside} detections`);
      if (lane.near) fill(lane, width);
      else { empty(lane); lane.told.textContent = `${inside.toLocaleString("en")} detections`; }
    }
    detections += inGroup;
    group.section.hidden = !inGroup;
    const kind = state.by === "camera" ? (data.persons.length ? "rows" : "") : "cameras";
    group.told.textContent = (kind ? `${rows} ${rows === 1 ? kind.slice(0, -1) : kind}, ` : "") + `${inGroup.toLocaleString("en")} detections`;
  }
  const people = data.persons.length ? ` · ${persons.size} of ${data.persons.length} persons` : "";
  find("status").textContent = `${detections.toLocaleString("en")} of ${count.toLocaleString("en")} detections${people}`;
  find("nothing").hidden = detections > 0;
  keepOneTabStop();
}

function fill(lane, width = spanWidth()) {
  if (!lane.shown) return;
  const focused = lane.span.contains(document.activeElement) ? state.current : -1;
  lane.span.textContent = "";
  lane.filled = true;
  lane.span.append(bar(lane));
  const ends = new Array(lane.strip.lines).fill(-Infinity);
  let drawn = 0;
  for (let k = lane.low; k < lane.high; k++) {
    const d = lane.strip.items[k], left = fraction(seen.time[d]) * width;
    const line = ends.findIndex((end) => left >= end);
    if (line < 0) continue;
    ends[line] = left + thumb.width + 2;
    lane.span.append(makeThumb(d, line));
    drawn += 1;
  }
  const inside = lane.high - lane.low;
  const all = `${inside.toLocaleString("en")} ${inside === 1 ? "detection" : "detections"}`;
  lane.told.textContent = drawn < inside ? `${drawn} of ${all} shown` : all;
  if (focused < 0 || !inRange(lane, focused)) return;
  if (!thumbOf(focused)) lane.span.append(makeThumb(focused, 0, true));
  thumbOf(focused).focus({ preventScroll: true }); // whoever uses the keyboard stays where they were
}

function empty(lane) {
  if (!lane.filled) return;
  lane.span.textContent = "";
  lane.filled = false;
}

// A line for each detection, as one path.
function bar(lane) {
  const bins = new Set();
  for (let k = lane.low; k < lane.high; k++) bins.add(Math.round(fraction(seen.time[lane.strip.items[k]]) * (BINS - 1)));
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
  const button = make("button", { type: "button", class: extra ? "thumb extra" : "thumb", "aria-label": spoken(d) });
  button.style.left = percent(seen.time[d]);
  button.style.top = `${BAR + line * (thumb.height + GAP)}px`;
  button.tabIndex = d === state.current ? 0 : -1;
  button.detection = d;
  button.dataset.detection = seen.id[d];
  button.setAttribute("aria-pressed", d === state.pinned);
  if (d === state.pinned) button.classList.add("pinned");
  return showSprite(button, d);
}

const spoken = (d) => `${personName(seen.person[d])}, camera ${cameraName(d)}, ${clock(seen.time[d])} UTC, frame ${seen.frame[d]}, `
  + `score ${seen.score[d].toFixed(2)}, detection ${seen.id[d]}`;

const thumbOf = (d) => [...(laneOf.get(d)?.span.querySelectorAll(".thumb") ?? [])].find((button) => button.detection === d);

// One thumbnail of the page can be reached with Tab; the arrows go on from there.
function keepOneTabStop() {
  const lane = laneOf.get(state.current);
  if (lane?.shown && inRange(lane, state.current)) return;
  const first = lanes.find((one) => one.shown);
  state.current = first ? first.strip.items[first.low] : -1;
  const button = first && thumbOf(state.current);
  if (button) button.tabIndex = 0;
}

const inRange = (lane, d) => seen.time[d] >= state.from && seen.time[d] <= state.to;
