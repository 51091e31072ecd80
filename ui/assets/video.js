// Behaviour of the Video tab; runs once for each of its parts, with Gradio's `element` and `trigger`.
const SLIP_PX = 6, PATIENCE_MS = 140;
const pad = (n, size = 2) => String(n).padStart(size, "0");
const stamp = (seconds) => {
  const all = Math.round(seconds * 100);
  return `${Math.floor(all / 6000)}:${pad(Math.floor(all / 100) % 60)}.${pad(all % 100)}`;
};
const part = (event, selector) => event.target.closest?.(selector);
let waiting = 0;

// ---------------------------------------------------------------------------------------- going to a frame, choosing
const moved = (timeline, frame) => {
  const span = Number(timeline.dataset.span);
  timeline.style.setProperty("--at", frame / span);
  timeline.querySelector("input").value = frame;
  const caption = document.querySelector(".dm-viewer figcaption");
  if (!caption) return;
  caption.querySelector("time").textContent = stamp(Number(timeline.dataset.seconds) * frame / span);
  caption.querySelector("span").textContent = `frame ${frame + 1} of ${Number(timeline.querySelector("input").max) + 1}`;
};
const seek = (timeline, frame, pause = 0) => {
  frame = Math.max(0, Math.min(Number(timeline.querySelector("input").max), Math.round(frame)));
  moved(timeline, frame);
  clearTimeout(waiting);
  waiting = setTimeout(() => trigger("select", { frame }), pause);
};
const under = (event, timeline) => {
  const box = timeline.querySelector(".dm-inner").getBoundingClientRect();
  return Number(timeline.dataset.span) * (event.clientX - box.left) / box.width;
};
element.addEventListener("input", (event) => {
  const timeline = part(event, ".dm-timeline");
  if (timeline) seek(timeline, Number(event.target.value), PATIENCE_MS);
});
element.addEventListener("click", (event) => {
  if (part(event, ".dm-pointing") || part(event, "select")) return;
  const timeline = part(event, ".dm-timeline"), step = part(event, "[data-step]"), chosen = part(event, "[data-track], [data-frame]");
  const review = part(event, "[data-review]");
  if (review) trigger("select", { track: review.dataset.review, review: true });
  else if (step) seek(timeline, Number(timeline.querySelector("input").value) + Number(step.dataset.step), PATIENCE_MS);
  else if (timeline && chosen) {
    const frame = Math.max(0, Math.round(under(event, timeline)));
    moved(timeline, frame);
    trigger("select", { track: chosen.dataset.track, frame });
  } else if (timeline && part(event, ".dm-lanes")) seek(timeline, under(event, timeline));
  else if (chosen) {
    for (const film of document.querySelectorAll(".dm-together video")) {
      if (chosen.dataset.at) { film.pause(); film.currentTime = Number(chosen.dataset.at); }
    }
    const data = {};
    if (chosen.dataset.track) data.track = chosen.dataset.track;
    if (chosen.dataset.frame) data.frame = Number(chosen.dataset.frame);
    trigger("select", data);
  }
});

// ---------------------------------------------------------------------------------------- decisions
element.addEventListener("change", (event) => {
  const chooser = part(event, "[data-decide]");
  if (!chooser) return;
  const kind = chooser.value.startsWith("persona:") || chooser.value === "starter" ? "persona" : chooser.value === "keep" ? "keep" : "mask";
  const card = chooser.closest(".dm-track");
  card.classList.remove("dm-persona", "dm-mask", "dm-keep");
  card.classList.add(`dm-${kind}`);
  trigger("edit", { track: chooser.dataset.decide, value: chooser.value });
});

// ---------------------------------------------------------------------------------------- drawing a box
let corner = null, drawn = null;
const place = (event, viewer) => {
  const box = viewer.querySelector(".dm-still").getBoundingClientRect();
  const share = (value, length) => Math.max(0, Math.min(1, value / length));
  return [share(event.clientX - box.left, box.width), share(event.clientY - box.top, box.height)];
};
const outline = ([x1, y1], [x2, y2]) => {
  Object.assign(drawn.style, {
    left: `${100 * Math.min(x1, x2)}%`, top: `${100 * Math.min(y1, y2)}%`,
    width: `${100 * Math.abs(x2 - x1)}%`, height: `${100 * Math.abs(y2 - y1)}%`,
  });
};
const finish = (viewer, end) => {
  const [width, height] = viewer.dataset.size.split(",").map(Number), [x1, y1] = corner, [x2, y2] = end;
  corner = null;
  drawn?.remove();
  trigger("edit", { box: [
    Math.min(x1, x2) * width, Math.min(y1, y2) * height, Math.max(x1, x2) * width, Math.max(y1, y2) * height,
  ] });
};
element.addEventListener("pointerdown", (event) => {
  const viewer = part(event, ".dm-pointing");
  if (!viewer || event.button) return;
  event.preventDefault();
  const at = place(event, viewer);
  if (corner && drawn?.isConnected) return finish(viewer, at);
  corner = at;
  drawn = document.createElement("i");
  drawn.className = "dm-drawn";
  viewer.querySelector(".dm-still").append(drawn);
  outline(at, at);
  viewer.setPointerCapture(event.pointerId);
});
element.addEventListener("pointermove", (event) => {
  const viewer = part(event, ".dm-pointing");
  if (viewer && corner && drawn?.isConnected) outline(corner, place(event, viewer));
});
element.addEventListener("pointerup", (event) => {
  const viewer = part(event, ".dm-pointing");
  if (!viewer || !corner || !drawn?.isConnected) return;
  const box = drawn.getBoundingClientRect();
  if (box.width > SLIP_PX && box.height > SLIP_PX) finish(viewer, place(event, viewer)); // dragged; else a click: the first of two
});

// ---------------------------------------------------------------------------------------- original and result together
const other = (film) => [...element.querySelectorAll(".dm-together video")].find((one) => one !== film);
let leader = null;
for (const name of ["play", "pause", "seeked", "ratechange"]) {
  element.addEventListener(name, (event) => {
    const film = event.target, twin = part(event, ".dm-together") && other(film);
    if (!twin || twin.error) return;
    if (name === "play") {
      if (leader && leader !== film && !leader.paused) return;
      leader = film;
      twin.muted = true;
      twin.currentTime = film.currentTime;
      twin.play().catch(() => {});
    } else if (name === "pause") twin.pause();
    else if (film !== leader && leader && !leader.paused) return;
    else if (name === "ratechange") twin.playbackRate = film.playbackRate;
    else if (Math.abs(twin.currentTime - film.currentTime) > 0.08) twin.currentTime = film.currentTime;
  }, true);
}
element.addEventListener("error", (event) => part(event, ".dm-player")?.classList.add("dm-unplayable"), true);
