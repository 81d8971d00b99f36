// Draw the page; redraw it when the window is resized or the page is printed.
if (matchMedia("(max-width: 640px)").matches) find("filters").open = false;
buildFilter();
buildComparison();
drawOverview();
writeTimes();
buildRows();
drawAxis();
refresh();

let lastWidth = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === lastWidth) return; // only the height: a phone shows or hides its address bar
  lastWidth = innerWidth;
  const before = thumb.height;
  measureThumb();
  if (thumb.height !== before) buildRows();
  schedule(() => { drawAxis(); refresh(); });
});
const PRINT_WIDTH_PX = 800; // width of the rows on paper
addEventListener("beforeprint", () => {
  thumb = { width: 30, height: 60 };
  document.body.classList.add("printing");
  for (const lane of lanes) {
    lane.isNear = true;
    lane.element.style.setProperty("--lane-h", `${BAR + lane.sequence.lines * (60 + GAP) + 4}px`);
  }
  drawAxis(PRINT_WIDTH_PX);
  refresh(PRINT_WIDTH_PX);
});
addEventListener("afterprint", () => {
  document.body.classList.remove("printing");
  buildRows();
  drawAxis();
  refresh();
});
