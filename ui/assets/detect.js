// Behaviour of the Detect tab's table of verdicts, with Gradio's `element` and `trigger`.
element.addEventListener("click", (event) => {
  const row = event.target.closest("[data-suspect]");
  if (row) trigger("select", { suspect: Number(row.dataset.suspect) });
});
