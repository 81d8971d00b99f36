// Two models asked about the same detections, side by side; what only one of them answers is marked.
function buildCompare() {
  const { compare } = data, place = find("compare");
  if (!compare) return;
  place.hidden = false;
  let same = 0, all = 0;
  const pairs = compare.queries.map(({ asked, answers }) => {
    const sets = answers.map((list) => new Set(list.map(([d]) => d)));
    const columns = answers.map((list, model) => {
      const items = list.map(([d, distance]) => {
        const differs = !sets[1 - model].has(d);
        all += 1;
        same += !differs;
        return make("li", {}, answer(d, distance.toFixed(3), differs));
      });
      return make("div", {}, make("h3", {}, compare.labels[model]), make("ol", {}, ...items));
    });
    const query = make("div", {}, make("h3", {}, "asked"), answer(asked, cameraName(asked), false));
    return make("div", { class: "pair" }, query, ...columns);
  });
  const where = compare.other_cameras ? "in other cameras" : "in other frames";
  place.append(
    make("h2", {}, `${compare.labels[0]} and ${compare.labels[1]} on the same detections`),
    make("p", {}, `Asked are ${compare.queries.length} of the ${compare.described} detections that both have described`
      + `${compare.described < count ? ` (${count - compare.described} others have no vectors of one of them)` : ""}: `
      + `the nearest ${where} of each. ${same} of ${all} answers are given by both; `
      + "those of one alone are dashed. The numbers are distances: each model has its own scale."),
    ...pairs);
}

function answer(d, text, differs) {
  const label = `${spoken(d)}, ${text}${differs ? ", only this model" : ""}`;
  const button = make("button", { type: "button", class: differs ? "answer differs" : "answer", "aria-label": label },
    showSprite(make("span", { class: "still" }), d), make("span", {}, text));
  if (differs) button.append(make("em", {}, "alone"));
  button.detection = d;
  return button;
}
