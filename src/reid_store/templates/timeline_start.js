// Draw it, and draw it anew when the window changes or is printed.
if (matchMedia("(max-width: 640px)").matches) find("filters").open = false;
buildFilter();
buildCompare();
drawOverview();
writeTimes();
buildRows();
drawAxis();
refresh();

let lastWidth = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === lastWidth) return; // a phone's address bar comes and goes
  lastWidth = innerWidth;
  const before = thumb.height;
  measureThumb();
  if (thumb.height !== before) buildRows();
  later(() => { drawAxis(); refresh(); });
});
const PRINTED_PX = 800; // the width of the rows on paper
addEventListener("beforeprint", () => {
  thumb = { width: 30, height: 60 };
  document.body.classList.add("printing");
  for (const lane of lanes) {
    lane.near = true;
    lane.element.style.setProperty("--lane-h", `${BAR + lane.strip.lines * (60 + GAP) + 4}px`);
  }
  drawAxis(PRINTED_PX);
  refresh(PRINTED_PX);
});
addEventListener("afterprint", () => {
  document.body.classList.remove("printing");
  buildRows();
  drawAxis();
  refresh();
});
