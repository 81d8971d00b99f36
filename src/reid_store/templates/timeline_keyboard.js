// Everything without a mouse.
function setCurrent(d) {
  const before = thumbOf(state.current);
  if (before) before.tabIndex = -1;
  state.current = d;
  const button = thumbOf(d);
  if (button) button.tabIndex = 0;
}

// Go to a detection; one that has no room in its row is laid on top for as long as it is looked at.
function focusOn(d) {
  const lane = laneOf.get(d);
  if (!lane?.shown || !inRange(lane, d)) return;
  for (const old of document.querySelectorAll(".thumb.extra")) if (old.detection !== d) old.remove();
  if (!lane.filled) fill(lane);
  let button = thumbOf(d);
  if (!button) {
    button = makeThumb(d, 0, true);
    lane.span.append(button);
  }
  setCurrent(d);
  lane.element.scrollIntoView({ block: "nearest" });
  button.focus({ preventScroll: true });
  showCard(d, button); // it was brought there by the keyboard
  if (state.pinned >= 0) pin(d);
}

function along(step) {
  const lane = laneOf.get(state.current), { items } = lane.strip;
  const place = items.indexOf(state.current);
  const next = step === Infinity ? lane.high - 1 : step === -Infinity ? lane.low : place + step;
  if (next >= lane.low && next < lane.high) focusOn(items[next]);
}

function across(step) {
  const open = lanes.filter((lane) => lane.shown), here = open.indexOf(laneOf.get(state.current));
  const lane = open[here + step];
  if (!lane) return;
  const time = seen.time[state.current], { items } = lane.strip;
  const next = Math.min(placeOf(lane.strip, time), lane.high - 1), before = Math.max(next - 1, lane.low);
  focusOn(Math.abs(seen.time[items[before]] - time) < Math.abs(seen.time[items[next]] - time) ? items[before] : items[next]);
}

const MOVES = {
  ArrowLeft: () => along(-1), ArrowRight: () => along(1), Home: () => along(-Infinity), End: () => along(Infinity),
  ArrowUp: () => across(-1), ArrowDown: () => across(1),
};
const ZOOMS = { "+": "in", "=": "in", "-": "out", "0": "all" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = document.activeElement;
  if (event.key === "Escape") {
    if (!card.hidden) hideCard();
    if (state.pinned >= 0) unpin();
    else if (at === personBox) personBox.blur();
    return;
  }
  if (at?.matches("input, textarea, select")) return;
  if (event.key === "/") {
    find("filters").open = true;
    personBox.focus();
    personBox.select();
    event.preventDefault();
  } else if (event.key in ZOOMS) {
    zoom(ZOOMS[event.key]);
    event.preventDefault();
  } else if (event.key in MOVES && state.current >= 0 && (rowsPlace.contains(at) || at === document.body)) {
    if (rowsPlace.contains(at) && at !== rowsPlace) MOVES[event.key]();
    else if (event.key.startsWith("Arrow") && at === rowsPlace) focusOn(state.current);
    else return; // on the page itself the arrows scroll
    event.preventDefault();
  }
});
