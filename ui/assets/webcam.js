// The Webcam tab: sends the camera's pictures to the app, one at a time, and shows what comes back. The camera's own
// picture is never put on the page.
const figure = element.querySelector("figure");
const canvas = element.querySelector("canvas");
const told = element.querySelector(".dm-webcam-told");
const shown = canvas.getContext("2d");
const sent = document.createElement("canvas");
const IDLE = "The camera is off.";
let run = null;

function say(words) {
  told.textContent = words;
}

function end(words) {
  if (run) {
    run.stream?.getTracks().forEach((track) => track.stop());
    run = null;
    trigger("stop");
  }
  shown.clearRect(0, 0, canvas.width, canvas.height);
  figure.classList.remove("dm-webcam-on");
  say(words || IDLE);
}

function reason(error) {
  if (!navigator.mediaDevices) {
    return "Browsers open the camera only for pages of this computer or over HTTPS.";
  }
  if (error.name === "NotAllowedError") {
    return "The browser may not use the camera; allow it beside the address, then start again.";
  }
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") {
    return "No camera was found; plug one in, then start again.";
  }
  return "The camera cannot be opened; another program may be using it.";
}

async function opened(width) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { width: { ideal: width }, height: { ideal: Math.round((width * 9) / 16) } },
  });
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  return { stream, video };
}

function taken(video, width) {
  const scale = Math.min(1, width / Math.max(video.videoWidth, video.videoHeight));
  sent.width = Math.round(video.videoWidth * scale);
  sent.height = Math.round(video.videoHeight * scale);
  sent.getContext("2d").drawImage(video, 0, 0, sent.width, sent.height);
  return sent.toDataURL("image/jpeg", 0.85);
}

async function show(answer) {
  const image = new Image();
  image.src = answer.picture;
  await image.decode();
  if (canvas.width !== image.width || canvas.height !== image.height) {
    canvas.width = image.width;
    canvas.height = image.height;
  }
  shown.drawImage(image, 0, 0);
}

function state(answer, times) {
  if (answer.covered) {
    return answer.covered;
  }
  const faces = answer.faces === 1 ? "1 face masked" : `${answer.faces} faces masked`;
  const rate = times.length > 1 ? ((times.length - 1) * 1000) / (times.at(-1) - times[0]) : 0;
  return rate ? `${faces} · ${rate.toFixed(rate < 10 ? 1 : 0)} pictures a second` : faces;
}

async function start(ticket, width) {
  end("Opening the camera …");
  const mine = (run = { stream: null });
  try {
    const camera = await opened(width);
    mine.stream = camera.stream;
    if (run !== mine) {
      camera.stream.getTracks().forEach((track) => track.stop());
      return;
    }
    await follow(mine, camera.video, ticket, width);
  } catch (error) {
    if (run === mine) {
      end(mine.stream ? "The app does not answer any more; start again." : reason(error));
    }
  }
}

async function follow(mine, video, ticket, width) {
  const times = [];
  figure.classList.add("dm-webcam-on");
  while (run === mine) {
    if (element.offsetParent === null) {
      end("The camera was switched off when you left the tab.");
      return;
    }
    if (document.hidden) {
      await new Promise((done) => setTimeout(done, 250));
      continue;
    }
    const answer = await server.frame({ ticket, picture: taken(video, width) });
    if (run !== mine) {
      return;
    }
    if (!answer || answer.ended || !answer.picture) {
      end(answer?.ended || "The app does not answer any more; start again.");
      return;
    }
    await show(answer);
    times.push(performance.now());
    while (times.length > 2 && times[0] < times.at(-1) - 3000) {
      times.shift();
    }
    say(state(answer, times));
  }
}

say(IDLE);
window.deepmaskWebcam = { start, stop: () => end() };
