"use strict";
// The page at /: pictures are dropped, pasted, chosen or photographed; each is asked about by itself, in order.
const $ = id => document.getElementById(id);
const most = 5;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function ask(path, picture) {
  const headers = { "Content-Type": picture.type.startsWith("image/") ? picture.type : "application/octet-stream" };
  if (document.body.dataset.key === "true") headers["X-API-Key"] = encodeURI($("key").value);
  const settings = new URLSearchParams({ model: $("model").value, top: most });
  let answer, found;
  try {
    answer = await fetch(`${path}?${settings}`, { method: "POST", headers, body: picture });
  } catch {
    throw new Error("The service cannot be reached. Is it still running?");
  }
  try {
    found = await answer.json();
  } catch {
    throw new Error(`The service answered ${answer.status} and no more.`);
  }
  if (answer.ok) return found;
  if (answer.status === 401) throw new Error("This service needs its key: type it above, and ask again.");
  const wait = answer.headers.get("Retry-After");
  throw new Error(wait ? `The service is busy: ask again in ${wait} s.` : found.error);
}

function bars(classes) {
  return element("ol", { className: "classes" }, ...classes.map(entry => {
    const percent = `${(100 * entry.probability).toFixed(1)}%`;
    const inner = element("div");
    inner.style.width = percent;
    const bar = element("div", { className: "bar" }, inner);
    bar.setAttribute("aria-hidden", "true");
    const line = element("div", { className: "line" },
      element("span", { textContent: entry.words }), element("span", { textContent: percent }));
    return element("li", {}, line, bar);
  }));
}

function problem(error) {
  return element("p", { className: "notice", textContent: error.message });
}

function button(text, action) {
  const made = element("button", { type: "button", textContent: text });
  made.addEventListener("click", async () => {
    made.disabled = true;
    await action(made);
  });
  return made;
}

async function answer(picture, name) {
  const address = URL.createObjectURL(picture);
  const image = element("img", { src: address, alt: name });
  image.addEventListener("error", () => image.remove());
  const side = element("div", {}, image);
  const told = element("div", {}, element("h2", { textContent: name }), element("p", { textContent: "…" }));
  const whole = element("article", { className: "answer" }, side, told);
  $("answers").prepend(whole);
  try {
    const found = await ask("/v1/predict", picture);
    const more = element("div", { className: "more" }, button("Where it looked", async made => {
      try {
        const seen = await ask("/v1/explain", picture);
        side.append(element("p", { className: "quiet", textContent: `Red speaks for ${seen.words}:` }),
          element("img", { src: seen.picture, alt: `Where the network sees ${seen.words}` }));
        made.remove();
      } catch (error) {
        told.append(problem(error));
        made.disabled = false;
      }
    }));
    if (document.body.dataset.index === "true") more.append(button("Similar pictures", async made => {
      try {
        const near = (await ask("/v1/similar", picture)).similar[0].pictures;
        told.append(element("ol", {}, ...near.map(one =>
          element("li", { textContent: `${one.name} (${one.distance.toFixed(2)})` }))));
        made.remove();
      } catch (error) {
        told.append(problem(error));
        made.disabled = false;
      }
    }));
    told.replaceChildren(told.firstChild, bars(found.predictions[0].classes), more);
  } catch (error) {
    told.replaceChildren(told.firstChild, problem(error), element("div", { className: "more" },
      button("Ask again", () => { whole.remove(); return answer(picture, name); })));
  }
}

async function answerAll(files) {
  const pictures = [...files];
  $("said").hidden = true;
  if (!pictures.length) return;
  const others = pictures.filter(file => file.type && !file.type.startsWith("image/"));
  if (others.length) {
    $("said").textContent = `${others.map(file => file.name).join(", ")}: no picture. JPEG, PNG, GIF, WebP, BMP, TIFF ` +
      "and PPM are read.";
    $("said").hidden = false;
  }
  for (const file of pictures.filter(file => !others.includes(file))) await answer(file, file.name || "a picture");
}

for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, event => {
  event.preventDefault();
  $("drop").classList.toggle("over", name === "dragover");
  if (name === "drop") answerAll(event.dataTransfer.files);
});
document.addEventListener("paste", event => answerAll(event.clipboardData.files));
$("asking").addEventListener("submit", event => event.preventDefault());
$("choose").addEventListener("click", () => $("files").click());
for (const input of [$("files"), $("camera")]) input.addEventListener("change", () => {
  answerAll(input.files);
  input.value = "";
});
$("photograph").addEventListener("click", async () => {
  const phone = matchMedia("(pointer: coarse)").matches;
  if (phone || !navigator.mediaDevices) return $("camera").click();
  try {
    $("video").srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
    $("viewfinder").hidden = false;
    $("shoot").focus();
  } catch {
    $("said").textContent = "No camera can be used: choose a picture instead.";
    $("said").hidden = false;
  }
});

function stop() {
  for (const track of $("video").srcObject?.getTracks() ?? []) track.stop();
  $("viewfinder").hidden = true;
  $("photograph").focus();
}

$("stop").addEventListener("click", stop);
$("shoot").addEventListener("click", () => {
  const canvas = element("canvas", { width: $("video").videoWidth, height: $("video").videoHeight });
  canvas.getContext("2d").drawImage($("video"), 0, 0);
  canvas.toBlob(picture => answer(picture, "a photograph"), "image/jpeg", 0.92);
  stop();
});
$("key-field").hidden = document.body.dataset.key !== "true";
