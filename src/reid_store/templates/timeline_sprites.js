// Thumbnails lie in sheets; a sheet is unpacked when its first thumbnail comes into view, and is decoded once.
const sheetStyle = document.head.appendChild(document.createElement("style")).sheet;
const unpacked = new Set();
const awaited = new Set();

function unpack(sheet) {
  if (unpacked.has(sheet)) return;
  const holder = find(`sheet-${sheet}`);
  if (!holder || (document.readyState === "loading" && !holder.nextSibling)) { awaited.add(sheet); return; } // still being read
  unpacked.add(sheet);
  const rule = `.s${sheet}{--lines:${data.sprites.rows[sheet]};background-image:url(data:image/jpeg;base64,${holder.textContent})}`;
  sheetStyle.insertRule(rule, sheetStyle.cssRules.length);
  holder.remove();
}
document.addEventListener("DOMContentLoaded", () => { for (const sheet of awaited) unpack(sheet); });

// Let an element show the thumbnail of detection d.
function showSprite(element, d) {
  const { each, columns } = data.sprites;
  const sheet = Math.floor(d / each), place = d % each;
  unpack(sheet);
  element.classList.add("sprite", `s${sheet}`);
  element.style.setProperty("--columns", columns);
  element.style.setProperty("--column", place % columns);
  element.style.setProperty("--row", Math.floor(place / columns));
  return element;
}
