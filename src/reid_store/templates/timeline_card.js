// What is known of a detection: beside the pointer, and kept open in the panel.
const card = find("card"), panel = find("panel");

function facts(d) {
  const list = make("dl");
  const [x1, y1, x2, y2] = seen.box[d];
  const person = seen.person[d];
  const rows = [
    ["person", person < 0 ? NOBODY : personName(person) + (personName(person) === `person ${data.persons[person].id}` ? "" : ` (${data.persons[person].id})`)],
    ["camera", cameraName(d)], ["time", `${clock(seen.time[d])} UTC`], ["frame", `${seen.frame[d]} of ${data.recordings[seen.recording[d]].name}`],
    ["box", `${x1}, ${y1} – ${x2}, ${y2} px`], ["score", seen.score[d].toFixed(2)], ["detection", seen.id[d]],
  ];
  for (const [name, value] of rows) list.append(make("dt", {}, name), make("dd", {}, String(value)));
  return list;
}

function showCard(d, anchor) {
  if (d === state.pinned) { hideCard(); return; }
  card.replaceChildren(showSprite(make("div", { class: "still" }), d), facts(d));
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
  const move = (name, title, act, enabled = true) => {
    const button = make("button", { type: "button", title }, name);
    button.disabled = !enabled;
    button.addEventListener("click", act);
    return button;
  };
  const { items } = laneOf.get(d).strip, place = items.indexOf(d);
  const close = move("✕", "Close ( Esc )", () => unpin());
  close.setAttribute("aria-label", "Close");
  const title = make("h2", {}, make("span", { class: "dot" }), make("span", {}, `${personName(seen.person[d])} · ${cameraName(d)}`), close);
  panel.style.setProperty("--camera", colourOf(cameraOf(d)));
  panel.replaceChildren(
    title, make("div", { class: "both" }, showSprite(make("div", { class: "still" }), d), facts(d)), whereInFrame(d),
    make("div", { class: "moves" },
      move("← before", "The one before in this row", () => pin(items[place - 1]), place > 0),
      move("after →", "The next in this row", () => pin(items[place + 1]), place + 1 < items.length),
      move("zoom here", "Show the time around it", () => zoomTo(d))),
    make("p", {}, "Others who look like this: ", make("code", {}, `python src/main.py search --detection ${seen.id[d]}${data.other_store ? " --set store.url=…" : ""}`)));
  panel.hidden = false;
  const button = thumbOf(d), hidden = button ? button.getBoundingClientRect().bottom + 12 - panel.getBoundingClientRect().top : 0;
  if (hidden > 0 && panel.clientWidth > innerWidth - 8) scrollBy(0, hidden); // on a phone the panel lies below: keep the row in view
}

function unpin() {
  const inside = panel.contains(document.activeElement), d = state.pinned;
  pin(-1);
  if (inside) focusOn(d);
}

// The frame, or its outline, with the box in it, and faintly whoever else was there.
function whereInFrame(d) {
  const { width, height, sure } = data.recordings[seen.recording[d]];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Where in the frame the box lies");
  const picture = find(`frame-${seen.recording[d]}:${seen.frame[d]}`);
  if (picture) {
    const image = document.createElementNS(svg.namespaceURI, "image");
    for (const [name, value] of Object.entries({ width, height, href: `data:image/jpeg;base64,${picture.textContent}` })) image.setAttribute(name, value);
    svg.append(image);
    svg.classList.add("framed");
  }
  const others = together.get(`${seen.recording[d]}:${seen.frame[d]}`).filter((one) => one !== d);
  for (const one of [...others, d]) {
    const [x1, y1, x2, y2] = seen.box[one], box = document.createElementNS(svg.namespaceURI, "rect");
    const place = { x: x1, y: y1, width: Math.max(1, x2 - x1), height: Math.max(1, y2 - y1), class: one === d ? "where" : "other" };
    for (const [name, value] of Object.entries(place)) box.setAttribute(name, value);
    if (one !== d) {
      const title = document.createElementNS(svg.namespaceURI, "title");
      title.textContent = personName(seen.person[one]);
      box.append(title);
      box.addEventListener("click", () => pin(one));
    }
    svg.append(box);
  }
  const size = sure ? `The frame, ${width} × ${height} px` : "The frame's size is not known: drawn around all boxes";
  const rest = others.length ? `; dashed: ${others.length} other${others.length > 1 ? "s" : ""} in it` : "";
  return make("figure", {}, svg, make("figcaption", {}, `${size}${rest}.`));
}

// The detection under the pointer: a thumbnail, or the nearest line of a bar.
function detectionAt(event) {
  const button = event.target.closest(".thumb, .answer");
  if (button) return [button.detection, button];
  const line = event.target.closest(".bar");
  const lane = line?.closest(".lane")?.lane;
  if (!lane) return [-1, null];
  const { left, width } = line.getBoundingClientRect(), time = state.from + ((event.clientX - left) / width) * (state.to - state.from);
  const next = Math.max(lane.low, Math.min(placeOf(lane.strip, time), lane.high - 1)), before = Math.max(next - 1, lane.low);
  const nearer = Math.abs(seen.time[lane.strip.items[before]] - time) < Math.abs(seen.time[lane.strip.items[next]] - time) ? before : next;
  return [lane.strip.items[nearer], { getBoundingClientRect: () => new DOMRect(event.clientX, line.getBoundingClientRect().top, 1, 12) }];
}

for (const place of [rowsPlace, find("compare")]) {
  place.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const [d, anchor] = detectionAt(event);
    if (d >= 0) showCard(d, anchor); else hideCard();
  });
  place.addEventListener("pointerleave", hideCard);
  place.addEventListener("click", (event) => {
    const [d] = detectionAt(event);
    if (d < 0) return;
    setCurrent(d);
    pin(d === state.pinned ? -1 : d);
  });
  place.addEventListener("focusin", (event) => {
    const d = event.target.detection;
    if (d === undefined) return;
    setCurrent(d);
    if (event.target.matches(":focus-visible")) showCard(d, event.target);
  });
  place.addEventListener("focusout", hideCard);
}
addEventListener("scroll", hideCard, { passive: true });
