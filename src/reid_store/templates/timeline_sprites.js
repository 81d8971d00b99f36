// Thumbnails are stored in sheets; a sheet is loaded when its first thumbnail comes into view.
const sheetStyle = document.head.appendChild(document.createElement("style")).sheet;
const loaded = new Set();
const waiting = new Set();

function loadSheet(sheet) {
  if (loaded.has(sheet)) return;
  const holder = find(`sheet-${sheet}`);
  if (!holder || (document.readyState === "loading" && !holder.nextSibling)) { waiting.add(sheet); return; } // not parsed completely yet
  loaded.add(sheet);
  const rule = `.s${sheet}{--lines:${data.sprites.rows[sheet]};background-image:url(data:image/jpeg;base64,${holder.textContent})}`;
  sheetStyle.insertRule(rule, sheetStyle.cssRules.length);
  holder.remove();
}
document.addEventListener("DOMContentLoaded", () => { for (const sheet of waiting) loadSheet(sheet); });

// Make an element show the thumbnail of detection d.
function showSprite(element, d) {
  const { each, columns } = data.sprites;
  const sheet = Math.floor(d / each), position = d % each;
  loadSheet(sheet);
  element.classList.add("sprite", `s${sheet}`);
  element.style.setProperty("--columns", columns);
  element.style.setProperty("--column", position % columns);
  element.style.setProperty("--row", Math.floor(position / columns));
  return element;
}
