// Times as text and as positions, and the ticks of the axis; all in UTC.
const STEPS = [.1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];
const tenths = fullRange[1] - fullRange[0] < 3600;

const iso = (time) => new Date(Math.round((data.start + time) * 1000)).toISOString();
const clock = (time) => `${iso(time).slice(0, 10)} ${iso(time).slice(11, 21)}`;
const fraction = (time) => (time - state.from) / (state.to - state.from);
const percent = (time) => `${(100 * fraction(time)).toFixed(3)}%`;
const spanWidth = () => find("axis").clientWidth || 800;

// Format a time for an input field, rounded outwards so that detections at the edge stay in range.
const formatInput = (time, up = false) => {
  const unit = tenths ? 1000 : 1, units = (up ? Math.ceil : Math.floor)((data.start + time) * unit + (up ? -1e-3 : 1e-3));
  return new Date((units / unit) * 1000).toISOString().slice(0, tenths ? 23 : 19).replace("T", " ").replace(/\.000$/, "");
};

// Parse a date and a time, a date, or a time of the first day; NaN for anything else.
function parseInput(value) {
  const text = value.trim().replace("T", " ").replace(/\s*(UTC|Z)$/i, "");
  const [, day, clockTime] = /^(\d{4}-\d\d-\d\d)?\s*(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)?$/.exec(text) ?? [];
  if (!day && !clockTime) return NaN;
  return Date.parse(`${day ?? iso(fullRange[0]).slice(0, 10)}T${(clockTime ?? "00:00").padStart(5, "0")}Z`) / 1000 - data.start;
}

function tickStep(width) {
  const minStep = (state.to - state.from) / Math.max(2, width / 95);
  return STEPS.find((step) => step >= minStep) ?? STEPS[STEPS.length - 1];
}

function drawAxis(width = spanWidth()) {
  const axis = find("axis"), step = tickStep(width), brush = axis.querySelector(".brush");
  axis.textContent = "";
  if (brush) axis.append(brush);
  const first = Math.ceil((data.start + state.from) / step - 1e-9) * step - data.start;
  let day = "";
  for (let k = 0; first + k * step <= state.to + 1e-9; k++) {
    const time = first + k * step, text = iso(time);
    let label = step < 1 ? text.slice(11, 21) : step < 60 ? text.slice(11, 19) : text.slice(11, 16);
    if (step >= 86400) label = text.slice(0, 10);
    else if (text.slice(0, 10) !== day && (day || state.to - state.from > 86400)) label = `${text.slice(5, 10)} ${label}`;
    day = text.slice(0, 10);
    const tick = make("span", {}, label), position = fraction(time);
    if (position < 32 / width) tick.className = "edge-left";
    if (position > 1 - 32 / width) tick.className = "edge-right";
    tick.style.left = percent(time);
    axis.append(tick);
  }
  const root = document.documentElement.style, half = (find("axis").parentElement.clientWidth - spanWidth()) / 2;
  root.setProperty("--grid-step", `${(step / (state.to - state.from)) * width}px`);
  root.setProperty("--grid-off", `${half + fraction(first) * width}px`);
}
