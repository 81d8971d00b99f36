// Results of two models for the same queries, side by side; results of only one model are marked.
function buildComparison() {
  const { compare } = data, area = find("compare");
  if (!compare) return;
  area.hidden = false;
  let same = 0, all = 0;
  const pairs = compare.queries.map(({ query: queryIndex, results }) => {
    const sets = results.map((list) => new Set(list.map(([d]) => d)));
    const columns = results.map((list, model) => {
      const items = list.map(([d, distance]) => {
        const differs = !sets[1 - model].has(d);
        all += 1;
        same += !differs;
        return make("li", {}, makeResult(d, distance.toFixed(3), differs));
      });
      return make("div", {}, make("h3", {}, compare.labels[model]), make("ol", {}, ...items));
    });
    const query = make("div", {}, make("h3", {}, "query"), makeResult(queryIndex, cameraName(queryIndex), false));
    return make("div", { class: "pair" }, query, ...columns);
  });
  const scope = compare.other_cameras ? "other cameras" : "other frames";
  area.append(
    make("h2", {}, `${compare.labels[0]} and ${compare.labels[1]} on the same detections`),
    make("p", {}, `Nearest detections in ${scope} for ${compare.queries.length} of the ${compare.embedded} detections that both models embedded`
      + `${compare.embedded < count ? ` (${count - compare.embedded} others lack an embedding)` : ""}. `
      + `${same} of ${all} results agree; results of only one model are dashed. `
      + "Numbers are distances, on a separate scale for each model."),
    ...pairs);
}

function makeResult(d, text, differs) {
  const label = `${describe(d)}, ${text}${differs ? ", only this model" : ""}`;
  const button = make("button", { type: "button", class: differs ? "result differs" : "result", "aria-label": label },
    showSprite(make("span", { class: "preview" }), d), make("span", {}, text));
  if (differs) button.append(make("em", {}, "only"));
  button.detection = d;
  return button;
}
