"use strict";
// Read values off a figure: a line follows the pointer or the arrow keys, the words stand beneath.
for (const svg of document.querySelectorAll("svg[data-readout]")) {
  const { x, text } = JSON.parse(svg.dataset.readout);
  const figure = svg.closest("figure"), plot = svg.closest(".plot");
  const cursor = svg.querySelector(".cursor"), output = figure.querySelector("output");
  let index = -1;
  const show = (wanted) => {
    if (!x.length) return;
    index = Math.max(0, Math.min(x.length - 1, wanted));
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x[index]);
    svg.classList.add("reading");
    output.textContent = text[index];
  };
  const hide = () => { svg.classList.remove("reading"); output.textContent = ""; };
  svg.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, 0).matrixTransform(svg.getScreenCTM().inverse()).x;
    let best = 0;
    for (let i = 1; i < x.length; i++) if (Math.abs(x[i] - at) < Math.abs(x[best] - at)) best = i;
    show(best);
  });
  svg.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (move) { show(index + move); event.preventDefault(); }
  });
}
