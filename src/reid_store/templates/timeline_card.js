// The attributes of a detection: in a card at the pointer, and in the panel of the pinned detection.
const card = find("card"), panel = find("panel");

function facts(d) {
  const list = make("dl");
  const [x1, y1, x2, y2] = detections.box[d];
  const person = detections.person[d];
  const rows = [
    ["person", person < 0 ? UNASSIGNED : personName(person) + (personName(person) === `person ${data.persons[person].id}` ? "" : ` (${data.persons[person].id})`)],
    ["camera", cameraName(d)], ["time", `${clock(detections.time[d])} UTC`], ["frame", `${detections.frame[d]} of ${data.recordings[detections.recording[d]].name}`],
    ["box", `${x1}, ${y1} – ${x2}, ${y2} px`], ["score", detections.score[d].toFixed(2)], ["detection", detections.id[d]],
  ];
  for (const [name, value] of rows) list.append(make("dt", {}, name), make("dd", {}, String(value)));
  return list;
}

function showCard(d, anchor) {
  if (d === state.pinned) { hideCard(); return; }
  card.replaceChildren(showSprite(make("div", { class: "preview" }), d), facts(d));
  card.hidden = false;
  const at = anchor.getBoundingClientRect(), own = card.getBoundingClientRect();
  const below = at.bottom + 8, above = at.top - own.height - 8;
  card.style.top = `${below + own.height < innerHeight || above < 0 ? Math.min(below, innerHeight - own.height - 4) : above}px`;
  card.style.left = `${Math.max(6, Math.min(at.left + at.width / 2 - own.width / 2, innerWidth - own.width - 6))}px`;
}

const hideCard = () => { card.hidden = true; };

function pin(d) {
  const before = state.pinned;
  state.pinned = d;
  for (const one of [before, d]) {
    const button = one >= 0 && thumbOf(one);
    if (!button) continue;
    button.classList.toggle("pinned", one === d);
    button.setAttribute("aria-pressed", one === d);
  }
  hideCard();
  if (d < 0) { panel.hidden = true; return; }
  const makeButton = (name, title, action, enabled = true) => {
    const button = make("button", { type: "button", title }, name);
    button.disabled = !enabled;
    button.addEventListener("click", action);
    return button;
  };
  const { items } = laneOf.get(d).sequence, position = items.indexOf(d);
  const close = makeButton("✕", "Close ( Esc )", () => unpin());
  close.setAttribute("aria-label", "Close");
  const title = make("h2", {}, make("span", { class: "dot" }), make("span", {}, `${personName(detections.person[d])} · ${cameraName(d)}`), close);
  panel.style.setProperty("--camera", colorOf(cameraOf(d)));
  panel.replaceChildren(
    title, make("div", { class: "both" }, showSprite(make("div", { class: "preview" }), d), facts(d)), drawFrame(d),
    make("div", { class: "moves" },
      makeButton("← previous", "Previous in this row", () => pin(items[position - 1]), position > 0),
      makeButton("next →", "Next in this row", () => pin(items[position + 1]), position + 1 < items.length),
      makeButton("zoom here", "Zoom in on its time", () => zoomTo(d))),
    make("p", {}, "Find similar people: ", make("code", {}, `python src/main.py search --detection ${detections.id[d]}${data.other_store ? " --set store.url=…" : ""}`)));
  panel.hidden = false;
  const button = thumbOf(d), hidden = button ? button.getBoundingClientRect().bottom + 12 - panel.getBoundingClientRect().top : 0;
  if (hidden > 0 && panel.clientWidth > innerWidth - 8) scrollBy(0, hidden); // on a phone the panel covers the lower part: keep the row in view
}

function unpin() {
  const inside = panel.contains(document.activeElement), d = state.pinned;
  pin(-1);
  if (inside) focusOn(d);
}

// Draw the frame, or its outline, with the box and, dashed, the boxes of other people.
function drawFrame(d) {
  const { width, height, exact } = data.recordings[detections.recording[d]];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Position of the box in the frame");
  const imageData = find(`frame-${detections.recording[d]}:${detections.frame[d]}`);
  if (imageData) {
    const image = document.createElementNS(svg.namespaceURI, "image");
    for (const [name, value] of Object.entries({ width, height, href: `data:image/jpeg;base64,${imageData.textContent}` })) image.setAttribute(name, value);
    svg.append(image);
    svg.classList.add("with-image");
  }
  const others = detectionsByFrame.get(`${detections.recording[d]}:${detections.frame[d]}`).filter((one) => one !== d);
  for (const one of [...others, d]) {
    const [x1, y1, x2, y2] = detections.box[one], box = document.createElementNS(svg.namespaceURI, "rect");
    const attributes = { x: x1, y: y1, width: Math.max(1, x2 - x1), height: Math.max(1, y2 - y1), class: one === d ? "box" : "other" };
    for (const [name, value] of Object.entries(attributes)) box.setAttribute(name, value);
    if (one !== d) {
      const title = document.createElementNS(svg.namespaceURI, "title");
      title.textContent = personName(detections.person[one]);
      box.append(title);
      box.addEventListener("click", () => pin(one));
    }
    svg.append(box);
  }
  const size = exact ? `Frame, ${width} × ${height} px` : "Size of the frame unknown; drawn around all boxes";
  const rest = others.length ? `; dashed: ${others.length} other ${others.length > 1 ? "people" : "person"}` : "";
  return make("figure", {}, svg, make("figcaption", {}, `${size}${rest}.`));
}

// Return the detection under the pointer: a thumbnail, or the nearest line of a bar.
function detectionAt(event) {
  const button = event.target.closest(".thumb, .result");
  if (button) return [button.detection, button];
  const line = event.target.closest(".bar");
  const lane = line?.closest(".lane")?.lane;
  if (!lane) return [-1, null];
  const { left, width } = line.getBoundingClientRect(), time = state.from + ((event.clientX - left) / width) * (state.to - state.from);
  const next = Math.max(lane.low, Math.min(lowerBound(lane.sequence, time), lane.high - 1)), before = Math.max(next - 1, lane.low);
  const nearer = Math.abs(detections.time[lane.sequence.items[before]] - time) < Math.abs(detections.time[lane.sequence.items[next]] - time) ? before : next;
  return [lane.sequence.items[nearer], { getBoundingClientRect: () => new DOMRect(event.clientX, line.getBoundingClientRect().top, 1, 12) }];
}

for (const area of [rowsElement, find("compare")]) {
  area.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const [d, anchor] = detectionAt(event);
    if (d >= 0) showCard(d, anchor); else hideCard();
  });
  area.addEventListener("pointerleave", hideCard);
  area.addEventListener("click", (event) => {
    const [d] = detectionAt(event);
    if (d < 0) return;
    setCurrent(d);
    pin(d === state.pinned ? -1 : d);
  });
  area.addEventListener("focusin", (event) => {
    const d = event.target.detection;
    if (d === undefined) return;
    setCurrent(d);
    if (event.target.matches(":focus-visible")) showCard(d, event.target);
  });
  area.addEventListener("focusout", hideCard);
}
addEventListener("scroll", hideCard, { passive: true });
