// Behaviour of the Voice tab's players and of its list of phrases; runs once for each, with Gradio's `element` and `trigger`.
const media = (player) => player.querySelector("audio, video");
const clock = (seconds) => {
  const s = Math.round(seconds), pad = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600), minutes = Math.floor(s / 60) % 60;
  return hours ? `${hours}:${pad(minutes)}:${pad(s % 60)}` : `${minutes}:${pad(s % 60)}`;
};
const draw = (player) => {
  const sound = media(player), wave = player.querySelector(".dm-wave"), length = sound.duration || 0;
  if (!wave) return;
  wave.style.setProperty("--at", length ? `${100 * sound.currentTime / length}%` : "0%");
  wave.setAttribute("aria-valuenow", Math.round(sound.currentTime));
  player.querySelector("time").textContent = clock(sound.currentTime || !sound.paused ? sound.currentTime : length);
  player.classList.toggle("dm-playing", !sound.paused);
  player.querySelector("button").setAttribute("aria-label", sound.paused ? "Play" : "Pause");
};
for (const name of ["timeupdate", "play", "pause", "ended", "loadedmetadata", "seeked"]) {
  element.addEventListener(name, (event) => {
    if (name === "play") document.querySelectorAll(".dm-player :is(audio, video)").forEach((other) => {
      if (other !== event.target) other.pause();
    });
    draw(event.target.closest(".dm-player"));
  }, true);
}
element.addEventListener("error", (event) => event.target.closest(".dm-player")?.classList.add("dm-unplayable"), true);
element.addEventListener("click", (event) => {
  const player = event.target.closest(".dm-player"), wave = event.target.closest(".dm-wave");
  const phrase = event.target.closest("[data-from]");
  if (phrase) {
    const sound = document.querySelector("#voice-players .dm-player :is(audio, video)");
    if (!sound) return;
    sound.currentTime = Number(phrase.dataset.from);
    sound.play();
  } else if (wave) {
    const box = wave.getBoundingClientRect(), sound = media(player);
    if (sound.duration) sound.currentTime = sound.duration * (event.clientX - box.left) / box.width;
  } else if (player && event.target.closest("button")) {
    const sound = media(player);
    if (sound.paused) sound.play(); else sound.pause();
  }
});
element.addEventListener("keydown", (event) => {
  const wave = event.target.closest(".dm-wave"), step = { ArrowRight: 2, ArrowLeft: -2 }[event.key];
  if (wave && step) {
    media(wave.closest(".dm-player")).currentTime += step;
    event.preventDefault();
  }
  if (event.target.closest("[data-phrase]") && event.key === "Enter") {
    event.preventDefault();
    event.target.blur();
  }
});
element.addEventListener("focusin", (event) => {
  const words = event.target.closest("[data-phrase]");
  if (words) words.dataset.before = words.textContent;
});
element.addEventListener("focusout", (event) => {
  const words = event.target.closest("[data-phrase]");
  if (!words || words.textContent === words.dataset.before) return;
  words.closest("li").classList.remove("dm-unsure");
  trigger("edit", { index: Number(words.dataset.phrase), text: words.textContent });
});
