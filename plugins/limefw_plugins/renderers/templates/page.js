// Brings the page to life: hover, focus or tap a superpixel; choose label, view and how many; colours and theme.
// It reads the JSON beside it, builds elements by name and sets text as text: nothing a stranger wrote becomes markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("limefw-data").textContent);
  const root = document.querySelector(".limefw");
  const explore = root.querySelector(".explore");
  const form = explore.querySelector("form");
  const stage = document.getElementById("stage");
  const shapes = stage.querySelector("[role=presentation]");
  const cells = stage.querySelector(".cells"); // where superpixels overlap, they have the colours
  const halo = stage.querySelector(".halo");
  const marks = stage.querySelector(".marks");
  const cut = document.getElementById("stage-cut");
  const listed = document.getElementById("listed");
  const card = explore.querySelector(".card");
  let held = null; // the superpixel that was clicked or focused
  let drawn = new Map(); // superpixel -> its element in the picture
  let before = null; // the superpixel that the last click held
  let told = null; // what the card says, so that a pointer may move without work

  // --- words and numbers, as everywhere else in limefw

  function number(value, decimals) {
    let text;
    if (value === 0 && decimals > data.mostDecimals) return "0";
    if (Math.abs(value) >= 1e6 || decimals > data.mostDecimals) {
      const [figures, exponent] = value.toExponential(2).replace("+", "").split("e");
      return `${figures.replace("-", "−")}×10${exponent.replace(/./g, (figure) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(figure)])}`;
    }
    text = value.toFixed(decimals);
    return Number(text) === 0 ? text.replace("-", "") : text.replaceAll("-", "−");
  }

  function signed(value, decimals) {
    const text = number(value, decimals);
    return value > 0 && /[1-9]/.test(text) ? "+" + text : text;
  }

  function interval(label, at) {
    if (label.margins === null || label.margins[at] === null) return "interval not known";
    const effect = label.effects[at], margin = label.margins[at];
    if (margin === 0) return "exact";
    return `${signed(effect - margin, label.decimals)} to ${signed(effect + margin, label.decimals)}`;
  }

  function title(segment) {
    const name = data.names[segment];
    return name.split(" ").at(-1) === String(segment) ? name : `${name} (${segment})`;
  }

  function sentence(label, segment) {
    const at = label.segments.indexOf(segment);
    const where = [title(segment), data.places[segment], `${data.shares[segment]} of the picture`];
    const way = label.faint.includes(segment) ? "no clear effect" : label.effects[at] > 0 ? data.plus : data.minus;
    const what = at < 0 ? "no effect" :
      `${way}, ${signed(label.effects[at], label.decimals)} (${interval(label, at)})`;
    return `${where.filter(Boolean).join(", ")}: ${what}`;
  }

  function brief(segment) {
    const label = current(), at = label.segments.indexOf(segment);
    return `${title(segment)} ${at < 0 ? "without effect" : signed(label.effects[at], label.decimals)}`;
  }

  // --- small helpers

  function svg(name, attributes) {
    const made = document.createElementNS(stage.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  const shape = (segment, more) => svg("use", { href: `#${data.drawing}-s${segment}`, ...more });
  const side = (effect) => (effect > 0 ? "for" : "against");
  const current = () => data.labels[form.elements.label.value];
  const many = () => Number(form.elements.top.value);

  // --- drawing: everything follows from the form

  function draw() {
    const label = current(), top = many(), view = form.elements.view.value;
    const limit = Math.abs(label.effects[0] ?? 1);
    const active = document.activeElement?.dataset?.segment;
    stage.setAttribute("class", `picture ${view}`);
    const filter = { overlay: top && label.segments.length ? "dim" : "", heat: "grey" }[view];
    const base = stage.querySelector(".base use");
    if (filter) base.setAttribute("filter", `url(#${data.drawing}-${filter})`);
    else base.removeAttribute("filter");
    const shown = label.segments.slice(0, top);
    cut.replaceChildren(...shown.map((segment) => shape(segment, {})));
    drawn = new Map();
    // those without an effect too: they can be hovered; the strongest lie on top
    const rest = data.names.map((_, segment) => segment).filter((segment) => !label.segments.includes(segment));
    const order = [...label.segments, ...rest].filter((segment) => data.paths[segment]);
    for (const [rank, segment] of order.entries()) {
      const at = label.segments.indexOf(segment);
      const strength = at < 0 ? 0 : Math.abs(label.effects[at]) / limit;
      const chosen = at >= 0 && at < top;
      const faint = chosen && view === "overlay" && label.faint.includes(segment);
      const opacity = data.cells.length ? 0 : { overlay: chosen && !faint ? 0.4 * strength : 0, heat: 0.9 * strength }[view] ?? 0;
      drawn.set(segment, shape(segment, {
        class: `${at < 0 ? "none" : side(label.effects[at])}${chosen ? " chosen" : ""}${faint ? " faint" : ""}`,
        "fill-opacity": opacity.toFixed(3), "data-segment": segment, role: "option", tabindex: rank ? -1 : 0,
        "aria-selected": segment === held, "aria-label": sentence(label, segment),
      }));
    }
    shapes.replaceChildren(...[...drawn.values()].reverse());
    cells.replaceChildren(...data.cells.map((members, number) => cell(label, shown, view, members, number, limit)));
    marks.replaceChildren(...(view === "photo" ? [] : shown.map((segment, at) => mark(segment, label.effects[at])).reverse()));
    list(label, shown);
    form.elements.shown.value = top >= label.segments.length ? `all ${label.segments.length}` : String(top);
    const [heading, answer] = explore.querySelector("h2").children;
    heading.textContent = label.title;
    answer.textContent = label.answer;
    const rule = explore.querySelector(".rule");
    rule.textContent = label.rule;
    rule.hidden = !label.rule;
    for (const section of root.querySelectorAll("section.label")) section.hidden = section.dataset.label !== form.elements.label.value;
    if (active !== undefined && shapes.contains(drawn.get(Number(active)))) drawn.get(Number(active)).focus();
    told = null;
    show(held);
  }

  // a cell has the colour of its first superpixel that is shown; in the heat map that of all together
  function cell(label, shown, view, members, number, limit) {
    const effect = (segment) => label.effects[label.segments.indexOf(segment)] ?? 0;
    const first = members.find((segment) => shown.includes(segment));
    const value = view === "heat" ? members.reduce((sum, segment) => sum + effect(segment), 0) / members.length :
      view === "overlay" && first !== undefined && !label.faint.includes(first) ? effect(first) : 0;
    const opacity = (view === "heat" ? 0.9 : 0.4) * Math.abs(value) / limit;
    return svg("use", { href: `#${data.drawing}-c${number}`, class: side(value), "fill-opacity": opacity.toFixed(3) });
  }

  function mark(segment, effect) {
    const point = data.points[segment];
    if (point === null) return svg("g", {});
    const outer = svg("g", { class: `mark ${side(effect)}`, transform: `translate(${point.join(" ")})` });
    if (data.anchors) {
      const [x, y] = data.anchors[segment];
      outer.append(svg("line", { x2: x - point[0], y2: y - point[1] }));
    }
    const inner = svg("g", {});
    const text = svg("text", { y: 1 });
    text.textContent = segment;
    const wide = Math.max(38, 18 + 16 * String(segment).length);
    inner.append(svg("rect", { x: -wide / 2, y: -19, width: wide, height: 38, rx: effect > 0 ? 19 : 4 }), text);
    outer.append(inner);
    return outer;
  }

  function list(label, shown) {
    const margins = label.margins ?? label.effects.map(() => 0);
    const low = Math.min(0, ...shown.map((_, at) => label.effects[at] - margins[at]));
    const high = Math.max(0, ...shown.map((_, at) => label.effects[at] + margins[at]));
    const place = (value) => 2 + 96 * (value - low) / (high - low || 1);
    const pattern = document.getElementById("row").content.querySelector("tr");
    listed.tBodies[0].replaceChildren(...shown.map((segment, at) => {
      const row = pattern.cloneNode(true), effect = label.effects[at], kind = side(effect);
      const button = row.querySelector("button"), bar = row.querySelector("rect"), zero = row.querySelector(".zero");
      const range = row.querySelector(".number small"), strong = row.querySelector("strong");
      row.dataset.segment = segment;
      row.classList.toggle("tied", label.tied.includes(segment));
      button.textContent = segment;
      button.setAttribute("aria-label", `Show ${title(segment)}`);
      button.classList.add(kind);
      strong.classList.add(kind);
      row.classList.toggle("unclear", label.faint.includes(segment));
      bar.classList.add(kind);
      row.querySelector(".place").textContent = data.places[segment] || data.names[segment];
      row.querySelector(".name").textContent = `${data.names[segment]}, ${data.shares[segment]}`;
      strong.textContent = signed(effect, label.decimals);
      range.textContent = interval(label, at);
      row.querySelector("svg").setAttribute("aria-label", `${effect > 0 ? data.plus : data.minus}: ${strong.textContent}`);
      bar.setAttribute("x", `${Math.min(place(0), place(effect))}%`);
      bar.setAttribute("width", `${Math.abs(place(effect) - place(0))}%`);
      for (const name of ["x1", "x2"]) zero.setAttribute(name, `${place(0)}%`);
      row.querySelectorAll(".whisker").forEach((line, which) => {
        if (!margins[at]) return line.remove();
        line.setAttribute("x1", `${place(effect + (which === 2 ? 1 : -1) * margins[at])}%`);
        line.setAttribute("x2", `${place(effect + (which === 1 ? -1 : 1) * margins[at])}%`);
      });
      return row;
    }));
    listed.hidden = !shown.length;
    listed.querySelector(".ties").hidden = !shown.some((segment) => label.tied.includes(segment));
    explore.querySelector(".nothing").hidden = label.segments.length > 0;
    explore.querySelector(".none-shown").hidden = shown.length > 0 || !label.segments.length;
    explore.querySelector(".pale").hidden = form.elements.view.value !== "overlay" || !shown.some((segment) => label.faint.includes(segment));
  }

  // --- pointing: hovering shows, clicking and focusing hold

  function show(segment, others = []) {
    const key = [current().title, segment, held, ...others].join();
    if (key === told) return;
    told = key;
    halo.replaceChildren(...(segment === null || !drawn.has(segment) ? [] : [
      ...others.map((other) => shape(other, { class: "under" })),
      shape(segment, { class: "outer" }), shape(segment, { class: "inner" })]));
    for (const row of listed.tBodies[0].rows) {
      const same = Number(row.dataset.segment) === segment;
      row.classList.toggle("shown", same);
      row.querySelector("button").setAttribute("aria-pressed", String(same && segment === held));
    }
    card.textContent = segment === null ? `Point at a ${data.part}, tap it or use the arrow keys.` :
      sentence(current(), segment) + (others.length ? `. Also here: ${others.map(brief).join(", ")}` : "");
  }

  function hold(segment) {
    drawn.get(held)?.setAttribute("aria-selected", "false");
    held = segment;
    drawn.get(held)?.setAttribute("aria-selected", "true");
    show(held);
  }

  // the superpixels under a pointer or behind a row, the strongest first
  function pointed(event) {
    const found = event.target.closest?.("[data-segment]");
    if (!found || !explore.contains(found)) return [];
    if (!data.cells.length || !shapes.contains(found) || !event.clientX) return [Number(found.dataset.segment)];
    const under = document.elementsFromPoint(event.clientX, event.clientY).filter((element) => shapes.contains(element));
    return under.map((element) => Number(element.dataset.segment));
  }

  function step(key) {
    const order = [...drawn.keys()], at = order.indexOf(held);
    const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[key];
    if (next === undefined) return false;
    const segment = order[Math.min(order.length - 1, Math.max(0, next))];
    for (const [each, element] of drawn) element.setAttribute("tabindex", each === segment ? 0 : -1);
    drawn.get(segment)?.focus();
    return true;
  }

  function hover(event) {
    const under = pointed(event), first = under.includes(held) ? held : under[0] ?? held;
    show(first, under.filter((segment) => segment !== first));
  }

  explore.addEventListener("pointerover", hover);
  if (data.cells.length) stage.addEventListener("pointermove", hover);
  explore.addEventListener("pointerleave", () => show(held));
  explore.addEventListener("click", (event) => {
    const under = pointed(event);
    if (!under.length) return;
    // where superpixels overlap, another click goes on to the next
    const next = under[(under.indexOf(before) + 1) % under.length];
    before = next;
    hold(next === held && event.target.closest("button") ? null : next);
    if (stage.contains(event.target)) hover(event);
  });
  stage.addEventListener("focusin", (event) => hold(pointed(event)[0] ?? null));
  explore.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hold(before = null);
    else if (stage.contains(event.target) && step(event.key)) event.preventDefault();
  });
  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());

  // --- colours and theme

  const theme = form.elements.theme;
  function dark(on) {
    theme.setAttribute("aria-pressed", String(on));
    document.documentElement.dataset.theme = on ? "dark" : "light";
  }
  theme.addEventListener("click", () => dark(theme.getAttribute("aria-pressed") !== "true"));
  theme.setAttribute("aria-pressed", String(matchMedia("(prefers-color-scheme: dark)").matches));
  form.elements.safe.addEventListener("change", (event) => {
    root.classList.toggle("blue-orange", event.target.checked);
    root.classList.toggle("green-red", !event.target.checked);
  });

  draw();
  explore.hidden = false;
  root.classList.add("live");
})();
