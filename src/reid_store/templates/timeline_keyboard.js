// Keyboard navigation.
function setCurrent(d) {
  const before = thumbOf(state.current);
  if (before) before.tabIndex = -1;
  state.current = d;
  const button = thumbOf(d);
  if (button) button.tabIndex = 0;
}

// Focus a detection; one that does not fit into its row is shown on top while it has the focus.
function focusOn(d) {
  const lane = laneOf.get(d);
  if (!lane?.shown || !inRange(lane, d)) return;
  for (const old of document.querySelectorAll(".thumb.extra")) if (old.detection !== d) old.remove();
  if (!lane.filled) fillLane(lane);
  let button = thumbOf(d);
  if (!button) {
    button = makeThumb(d, 0, true);
    lane.span.append(button);
  }
  setCurrent(d);
  lane.element.scrollIntoView({ block: "nearest" });
  button.focus({ preventScroll: true });
  showCard(d, button); // a focus set by script does not count as keyboard focus
  if (state.pinned >= 0) pin(d);
}

function moveInRow(step) {
  const lane = laneOf.get(state.current), { items } = lane.sequence;
  const position = items.indexOf(state.current);
  const next = step === Infinity ? lane.high - 1 : step === -Infinity ? lane.low : position + step;
  if (next >= lane.low && next < lane.high) focusOn(items[next]);
}

function moveBetweenRows(step) {
  const open = lanes.filter((lane) => lane.shown), here = open.indexOf(laneOf.get(state.current));
  const lane = open[here + step];
  if (!lane) return;
  const time = detections.time[state.current], { items } = lane.sequence;
  const next = Math.min(lowerBound(lane.sequence, time), lane.high - 1), before = Math.max(next - 1, lane.low);
  focusOn(Math.abs(detections.time[items[before]] - time) < Math.abs(detections.time[items[next]] - time) ? items[before] : items[next]);
}

const MOVES = {
  ArrowLeft: () => moveInRow(-1), ArrowRight: () => moveInRow(1), Home: () => moveInRow(-Infinity), End: () => moveInRow(Infinity),
  ArrowUp: () => moveBetweenRows(-1), ArrowDown: () => moveBetweenRows(1),
};
const ZOOMS = { "+": "in", "=": "in", "-": "out", "0": "all" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = document.activeElement;
  if (event.key === "Escape") {
    if (!card.hidden) hideCard();
    if (state.pinned >= 0) unpin();
    else if (at === personField) personField.blur();
    return;
  }
  if (at?.matches("input, textarea, select")) return;
  if (event.key === "/") {
    find("filters").open = true;
    personField.focus();
    personField.select();
    event.preventDefault();
  } else if (event.key in ZOOMS) {
    zoom(ZOOMS[event.key]);
    event.preventDefault();
  } else if (event.key in MOVES && state.current >= 0 && (rowsElement.contains(at) || at === document.body)) {
    if (rowsElement.contains(at) && at !== rowsElement) MOVES[event.key]();
    else if (event.key.startsWith("Arrow") && at === rowsElement) focusOn(state.current);
    else return; // on the page itself the arrows scroll
    event.preventDefault();
  }
});
