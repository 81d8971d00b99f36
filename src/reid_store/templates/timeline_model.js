// What is shown: the data of the page, and the rows that it makes under the present choice.
const data = JSON.parse(document.getElementById("data").textContent);
const seen = data.detections;
const count = seen.id.length;
const NOBODY = "not assigned";
const anybody = seen.person.some((person) => person >= 0);
const find = (id) => document.getElementById(id);

let firstTime = Infinity, lastTime = -Infinity;
for (const time of seen.time) { firstTime = Math.min(firstTime, time); lastTime = Math.max(lastTime, time); }
if (!count) firstTime = lastTime = 0;
const whole = lastTime > firstTime ? [firstTime, lastTime] : [firstTime - 1, lastTime + 1];
const state = {
  from: whole[0], to: whole[1], words: "", cameras: new Set(data.cameras.keys()),
  by: data.by_person ? "person" : "camera", current: -1, pinned: -1,
};

const cameraOf = (d) => data.recordings[seen.recording[d]].camera;
const personName = (p) => (p < 0 ? NOBODY : data.persons[p].name);
const colourOf = (camera) => `var(--c${camera % 8})`;
const calledCamera = (camera) => (/^cam/i.test(data.cameras[camera]) ? data.cameras[camera] : `Camera ${data.cameras[camera]}`);
const cameraName = (d) => data.cameras[cameraOf(d)];

// All detections of one person in one camera, by time.
const strips = [];
const together = new Map(); // detections of the same frame
for (let d = 0; d < count; d++) {
  const frame = `${seen.recording[d]}:${seen.frame[d]}`;
  if (!together.has(frame)) together.set(frame, []);
  together.get(frame).push(d);
}
{
  const byKey = new Map();
  for (let d = 0; d < count; d++) {
    const key = `${seen.person[d]}:${cameraOf(d)}`;
    if (!byKey.has(key)) {
      const strip = { person: seen.person[d], camera: cameraOf(d), items: [] };
      byKey.set(key, strip);
      strips.push(strip);
    }
    byKey.get(key).items.push(d);
  }
}
for (const strip of strips) {
  strip.items.sort((a, b) => seen.time[a] - seen.time[b] || a - b);
  let most = 1, run = 1;
  for (let k = 1; k < strip.items.length; k++) {
    run = seen.time[strip.items[k]] === seen.time[strip.items[k - 1]] ? run + 1 : 1;
    most = Math.max(most, run);
  }
  strip.lines = Math.min(most, 5);
}

// The first place in a strip whose time is not before `time` (or, with after, is later than it).
function placeOf(strip, time, after = false) {
  let low = 0, high = strip.items.length;
  while (low < high) {
    const middle = (low + high) >> 1, t = seen.time[strip.items[middle]];
    if (t < time || (after && t === time)) low = middle + 1; else high = middle;
  }
  return low;
}

// Strips by camera or by person; persons by when they were first seen, nobody last.
function grouped() {
  const groups = new Map();
  for (const strip of strips) {
    const key = state.by === "camera" ? strip.camera : strip.person;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(strip);
  }
  const first = (strip) => seen.time[strip.items[0]];
  const order = (a, b) => (a.person < 0) - (b.person < 0) || first(a) - first(b) || a.person - b.person || a.camera - b.camera;
  const sorted = [...groups].map(([key, lanes]) => ({ key, lanes: lanes.sort(order) }));
  if (state.by === "camera") return sorted.sort((a, b) => a.key - b.key);
  return sorted.sort((a, b) => order(a.lanes[0], b.lanes[0]));
}

const matches = (person) => personName(person).toLowerCase().includes(state.words)
  || (person >= 0 && String(data.persons[person].id) === state.words);
const chosen = (strip) => state.cameras.has(strip.camera) && matches(strip.person);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children); // texts stay texts
  return element;
}
