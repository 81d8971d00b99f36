// The data of the page, and its rows under the current filter.
const data = JSON.parse(document.getElementById("data").textContent);
const detections = data.detections;
const count = detections.id.length;
const UNASSIGNED = "not assigned";
const hasPersons = detections.person.some((person) => person >= 0);
const find = (id) => document.getElementById(id);

let firstTime = Infinity, lastTime = -Infinity;
for (const time of detections.time) { firstTime = Math.min(firstTime, time); lastTime = Math.max(lastTime, time); }
if (!count) firstTime = lastTime = 0;
const fullRange = lastTime > firstTime ? [firstTime, lastTime] : [firstTime - 1, lastTime + 1];
const state = {
  from: fullRange[0], to: fullRange[1], text: "", cameras: new Set(data.cameras.keys()),
  by: data.by_person ? "person" : "camera", current: -1, pinned: -1,
};

const cameraOf = (d) => data.recordings[detections.recording[d]].camera;
const personName = (p) => (p < 0 ? UNASSIGNED : data.persons[p].name);
const colorOf = (camera) => `var(--c${camera % 8})`;
const cameraTitle = (camera) => (/^cam/i.test(data.cameras[camera]) ? data.cameras[camera] : `Camera ${data.cameras[camera]}`);
const cameraName = (d) => data.cameras[cameraOf(d)];

// A sequence holds all detections of one person in one camera, by time.
const sequences = [];
const detectionsByFrame = new Map();
for (let d = 0; d < count; d++) {
  const frame = `${detections.recording[d]}:${detections.frame[d]}`;
  if (!detectionsByFrame.has(frame)) detectionsByFrame.set(frame, []);
  detectionsByFrame.get(frame).push(d);
}
{
  const byKey = new Map();
  for (let d = 0; d < count; d++) {
    const key = `${detections.person[d]}:${cameraOf(d)}`;
    if (!byKey.has(key)) {
      const sequence = { person: detections.person[d], camera: cameraOf(d), items: [] };
      byKey.set(key, sequence);
      sequences.push(sequence);
    }
    byKey.get(key).items.push(d);
  }
}
for (const sequence of sequences) {
  sequence.items.sort((a, b) => detections.time[a] - detections.time[b] || a - b);
  let most = 1, run = 1;
  for (let k = 1; k < sequence.items.length; k++) {
    run = detections.time[sequence.items[k]] === detections.time[sequence.items[k - 1]] ? run + 1 : 1;
    most = Math.max(most, run);
  }
  sequence.lines = Math.min(most, 5);
}

// Return the first position in a sequence whose time is at least `time` (or, with after, greater).
function lowerBound(sequence, time, after = false) {
  let low = 0, high = sequence.items.length;
  while (low < high) {
    const middle = (low + high) >> 1, t = detections.time[sequence.items[middle]];
    if (t < time || (after && t === time)) low = middle + 1; else high = middle;
  }
  return low;
}

// Group sequences by camera, or by person in order of first appearance with unassigned detections last.
function groupSequences() {
  const groups = new Map();
  for (const sequence of sequences) {
    const key = state.by === "camera" ? sequence.camera : sequence.person;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(sequence);
  }
  const first = (sequence) => detections.time[sequence.items[0]];
  const order = (a, b) => (a.person < 0) - (b.person < 0) || first(a) - first(b) || a.person - b.person || a.camera - b.camera;
  const sorted = [...groups].map(([key, lanes]) => ({ key, lanes: lanes.sort(order) }));
  if (state.by === "camera") return sorted.sort((a, b) => a.key - b.key);
  return sorted.sort((a, b) => order(a.lanes[0], b.lanes[0]));
}

const matches = (person) => personName(person).toLowerCase().includes(state.text)
  || (person >= 0 && String(data.persons[person].id) === state.text);
const isSelected = (sequence) => state.cameras.has(sequence.camera) && matches(sequence.person);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children); // strings are added as text, not as HTML
  return element;
}
