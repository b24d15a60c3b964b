// Brings the page to life: cards are drawn when they come into sight, and hovering tells of one place in all of them.
// It reads the JSON beside it, builds elements by name and sets text as text: nothing a stranger wrote becomes markup.
"use strict";
(async () => {
  const data = JSON.parse(document.getElementById("limefw-data").textContent);
  const root = document.querySelector(".limefw.comparison");
  const view = document.getElementById("view");
  const ofMatrix = document.getElementById("of-matrix");
  const matrix = document.getElementById("matrix");
  const status = root.querySelector(".status");
  const list = document.getElementById("instances");
  const MOST = 10; // of the strongest that agreement is told by; the slider's last stop is all

  // --- what is packed

  async function inflated(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  const { cells, agreement } = JSON.parse(new TextDecoder().decode(await inflated(data.packed)));

  // A cut's map: each place's segment and one more (0: none), and where the lines between segments are.
  function mapped(cut) {
    cut.ready ??= inflated(cut.map).then((bytes) => {
      const { w, h } = cut, size = w * h, seen = new Uint16Array(size), line = new Uint8Array(size);
      for (let at = 0; at < size; at++) {
        const above = at >= w ? seen[at - w] : 0;
        seen[at] = above + bytes[at] + 256 * bytes[size + at];
      }
      for (let at = 0; at < size; at++) {
        const x = at % w, own = seen[at];
        if ((x && seen[at - 1] !== own) || (x < w - 1 && seen[at + 1] !== own) || seen[at - w] !== (at < w ? undefined : own) ||
            (at < size - w && seen[at + w] !== own) || !x || x === w - 1 || at >= size - w) line[at] = own ? 1 : 0;
      }
      cut.seen = seen;
      cut.line = line;
      cut.rims = new Map();
    });
    return cut.ready;
  }

  // The places just inside a segment's edge, and those a step further in.
  function rim(cut, segment) {
    if (!cut.rims.has(segment)) {
      const { w, h, seen } = cut, own = segment + 1, outer = [], inner = [];
      const away = (at, x, y, far) => x < far || y < far || x >= w - far || y >= h - far || seen[at - far] !== own ||
        seen[at + far] !== own || seen[at - far * w] !== own || seen[at + far * w] !== own;
      for (let at = 0; at < seen.length; at++) {
        if (seen[at] !== own) continue;
        const x = at % w, y = (at - x) / w;
        if (away(at, x, y, 1)) outer.push(at);
        else if (away(at, x, y, 2)) inner.push(at);
      }
      cut.rims.set(segment, [outer, inner]);
    }
    return cut.rims.get(segment);
  }

  // --- words and numbers, as everywhere else in limefw

  function number(value, decimals) {
    if (value === 0 && decimals > data.mostDecimals + 1) return "0";
    if (Math.abs(value) >= 1e6 || decimals > data.mostDecimals + 1) {
      const [figures, exponent] = value.toExponential(2).replace("+", "").split("e");
      return `${figures.replace("-", "−")}×10${exponent.replace(/./g, (figure) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(figure)])}`;
    }
    const text = value.toFixed(Math.max(0, decimals));
    return Number(text) === 0 ? text.replace("-", "") : text.replaceAll("-", "−");
  }

  const signed = (value, decimals) => (value > 0 && /[1-9]/.test(number(value, decimals)) ? "+" : "") + number(value, decimals);
  const short = (value) => (value === null || value === undefined ? "–" : number(value, 2));

  function made(name, options, ...children) {
    const found = document.createElement(name);
    for (const [key, value] of Object.entries(options ?? {})) {
      if (key === "class") found.className = value;
      else if (key === "data") Object.assign(found.dataset, value);
      else found.setAttribute(key, value);
    }
    found.append(...children);
    return found;
  }

  // --- figures of pairs

  const many = data.sides.length;
  const place = (one, two) => {
    const [low, high] = one < two ? [one, two] : [two, one];
    return low * many - (low * (low - 1)) / 2 + high - low;
  };
  const top = () => Number(view.elements.top.value);
  const measure = () => (ofMatrix.elements.measure.value === "jaccard" ? `jaccard@${Math.min(top(), MOST)}` : ofMatrix.elements.measure.value);
  function agree(one, two, instance, name = measure()) {
    if (instance < 0) return agreement[name].all[place(one, two)];
    const value = agreement[name].each[instance][place(one, two)];
    return value === null ? null : value / 100;
  }
  let pair = null; // the two sides whose agreement the instances are sorted by

  // Agreement of an instance: of the pair chosen, or the mean over all pairs.
  function together(instance) {
    if (pair) return agree(...pair, instance);
    let sum = 0, known = 0;
    for (let one = 0; one < many; one++)
      for (let two = one + 1; two < many; two++) {
        const value = agree(one, two, instance);
        if (value !== null) { sum += value; known++; }
      }
    return known ? sum / known : null;
  }

  function drawMatrix() {
    const name = measure(), of = Number(ofMatrix.elements.of?.value ?? -1), worse = name === "sign_flips";
    for (const cell of matrix.querySelectorAll("td[data-one]")) {
      const one = Number(cell.dataset.one), two = Number(cell.dataset.two), value = agree(one, two, of, name);
      const shown = cell.firstElementChild;
      shown.textContent = short(value);
      cell.style.setProperty("--v", value === null ? 0 : Math.max(0, worse ? 1 - value : value).toFixed(3));
      if (one === two) continue;
      shown.setAttribute("aria-label", `${data.sides[one]} and ${data.sides[two]}: ${short(value)}`);
      if (data.instances.length > 1) shown.setAttribute("aria-pressed", Boolean(pair && pair.includes(one) && pair.includes(two)));
    }
    const k = Math.min(top(), MOST), means = ofMatrix.elements.measure.selectedOptions[0].dataset.means;
    document.getElementById("matrix-says").textContent = name.startsWith("jaccard")
      ? `What the ${k > 1 ? `${k} strongest ${data.part}s have` : `strongest ${data.part} has`} in common (Jaccard): 1 is all, 0 is nothing.`
      : `${means[0].toUpperCase()}${means.slice(1)}.`;
  }

  // --- what a card shows

  const run = () => Number(view.elements.run?.value ?? 0);
  const byPlace = new Map(cells.map((cell) => [`${cell.s} ${cell.i} ${cell.r}`, cell]));

  // What a cell says of the label chosen; null where it says nothing.
  function told(cell) {
    if (!cell || cell.failure !== undefined) return null;
    const chosen = view.elements.label.value, of = cell.of[chosen === "" ? cell.first : chosen];
    if (!of) return null;
    of.units ??= 10 ** -of[2];
    of.order ??= of[3].map((effect, at) => [Math.abs(effect ?? 0), at]).filter(([size]) => size).sort((a, b) => b[0] - a[0] || a[1] - b[1]).map(([, at]) => at);
    of.rank ??= new Map(of.order.map((at, rank) => [at, rank + 1]));
    of.limit ??= Math.abs(of[3][of.order[0]] ?? 1);
    return of;
  }

  const effect = (of, at) => of[3][at] ?? 0;
  const margin = (of, at) => (of[4] === null ? null : of[4][at]);
  const faint = (of, at) => Math.abs(effect(of, at)) < 0.005 * of.limit || (margin(of, at) !== null && Math.abs(effect(of, at)) <= margin(of, at));
  const shownOf = (of) => new Set(top() > MOST ? of.order : of.order.slice(0, top()));
  const nameOf = (cut, at) => (cut.names ? cut.names[at] : `superpixel ${at}`);

  function figures(of, at) {
    const wide = margin(of, at);
    const around = wide === null ? "" : wide === 0 ? ", exact" : ` ± ${number(wide * of.units, of[2])}`;
    return signed(effect(of, at) * of.units, of[2]) + around;
  }

  let colors = null;
  function palette() {
    const style = getComputedStyle(root);
    const rgb = (name) => {
      const hex = style.getPropertyValue(name).trim();
      return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    };
    const whole = (text) => (text.length === 4 ? `#${[...text.slice(1)].map((one) => one + one).join("")}` : text);
    colors = { plus: rgb("--for-bar"), minus: rgb("--against-bar"), ink: whole(style.getPropertyValue("--ink").trim()), faint: style.getPropertyValue("--faint").trim() };
  }

  const little = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
  const pixel = ([r, g, b], a) => {
    const alpha = Math.round(255 * a);
    return (little ? (alpha << 24) | (b << 16) | (g << 8) | r : (r << 24) | (g << 16) | (b << 8) | alpha) >>> 0;
  };
  const sheets = new Map();
  function sheet(w, h) {
    const key = `${w} ${h}`;
    if (!sheets.has(key)) {
      const canvas = made("canvas", { width: w, height: h }), pen = canvas.getContext("2d"), image = pen.createImageData(w, h);
      sheets.set(key, { canvas, pen, image, words: new Uint32Array(image.data.buffer) });
    }
    return sheets.get(key);
  }

  // Paint the tints of a cell in the size of its map: nothing is read back from a canvas.
  function tinted(card, cut, of) {
    const show = view.elements.show.value, series = card.seen.kind === "series";
    const fill = new Uint32Array(cut.count + 1), edge = new Uint32Array(cut.count + 1);
    if (of && show !== "original") {
      const chosen = shownOf(of), veil = series ? 0 : pixel([34, 37, 42], 0.6);
      fill.fill(show === "every" ? (series ? 0 : pixel([247, 247, 247], 0.72)) : veil);
      edge.set(fill);
      for (const at of show === "every" ? of.order : chosen) {
        const strength = Math.abs(effect(of, at)) / of.limit, pale = faint(of, at);
        const color = effect(of, at) > 0 ? colors.plus : colors.minus;
        if (show === "every") {
          fill[at + 1] = edge[at + 1] = series ? pixel(color, 0.75 * strength) : pixel(color.map((one) => 247 + (one - 247) * strength), 0.78);
        } else {
          fill[at + 1] = pixel(color, pale ? 0 : (series ? 0.15 : 0.08) + 0.42 * strength);
          edge[at + 1] = pixel(color, pale ? 0.5 : 1);
        }
      }
    }
    const { canvas, pen, image, words } = sheet(cut.w, cut.h);
    const { seen, line } = cut;
    if (series) for (let at = 0; at < seen.length; at++) words[at] = fill[seen[at]];
    else for (let at = 0; at < seen.length; at++) words[at] = line[at] ? edge[seen[at]] : fill[seen[at]];
    const hot = at(card, hovered);
    if (hot !== null && !series) {
      const [outer, inner] = rim(cut, hot);
      for (const one of outer) words[one] = pixel([255, 255, 255], 1);
      for (const one of inner) words[one] = pixel([20, 22, 26], 1);
    } else if (hot !== null) {
      for (let one = 0; one < seen.length; one++) if (seen[one] === hot + 1) words[one] = pixel([128, 128, 128], 0.55);
    }
    pen.putImageData(image, 0, 0);
    return canvas;
  }

  function curves(pen, seen) {
    const high = seen.h / seen.values.length;
    seen.values.forEach((values, channel) => {
      pen.beginPath();
      values.forEach((value, step) => {
        const x = ((step + 0.5) / values.length) * seen.w, y = channel * high + 6 + (high - 12) * (1 - value / 1000);
        if (step) pen.lineTo(x, y);
        else pen.moveTo(x, y);
      });
      pen.lineWidth = 1.4;
      pen.strokeStyle = colors.ink;
      pen.stroke();
      if (seen.values.length > 1) {
        pen.fillStyle = colors.faint;
        pen.font = "11px sans-serif";
        pen.fillText(seen.channels[channel], 4, channel * high + 12);
      }
    });
  }

  function drawCanvas(card, cut, of) {
    const { canvas, seen } = card;
    if (!cut.seen || (seen.kind === "picture" && !card.photo.complete)) {
      Promise.all([mapped(cut), seen.kind === "picture" ? card.photo.decode().catch(() => null) : null]).then(() => draw(card));
      return;
    }
    if (canvas.width !== seen.w || canvas.height !== seen.h) [canvas.width, canvas.height] = [seen.w, seen.h];
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, seen.w, seen.h);
    pen.imageSmoothingEnabled = !seen.sharp;
    if (seen.kind === "picture") pen.drawImage(card.photo, 0, 0, seen.w, seen.h);
    pen.imageSmoothingEnabled = seen.kind === "picture" && !seen.sharp;
    pen.drawImage(tinted(card, cut, of), 0, 0, seen.w, seen.h);
    if (seen.kind === "series") curves(pen, seen);
  }

  function drawWords(card, cut, of) {
    const show = view.elements.show.value;
    const chosen = !of || show === "original" ? new Set() : show === "every" ? new Set(of.order) : shownOf(of);
    if (card.cut !== cut) {
      card.cut = cut;
      card.spans = cut.pieces.map((piece, at) => made("span", cut.owners[at] < 0 ? {} : { data: { segment: cut.owners[at], start: cut.starts[at] } }, piece));
      card.body.replaceChildren(...card.spans, card.seen.more ? ` … ${card.seen.more} more letters` : "");
    }
    const hot = at(card, hovered);
    card.spans.forEach((span, index) => {
      const segment = cut.owners[index], marked = chosen.has(segment) && !(show === "every" && faint(of, segment));
      span.className = `${marked ? (effect(of, segment) > 0 ? "for" : "against") : ""}${hot !== null && segment === hot ? " lit" : ""}`;
      if (marked) span.style.setProperty("--s", (0.12 + 0.88 * Math.abs(effect(of, segment)) / of.limit).toFixed(3));
    });
  }

  function drawBars(card, cut, of) {
    const show = view.elements.show.value, hot = at(card, hovered);
    if (show === "original") {
      card.body.replaceChildren(...card.seen.values.map((text) => made("li", {}, text)));
      return;
    }
    const shown = of ? (show === "every" ? of.order : [...shownOf(of)]) : [];
    card.body.replaceChildren(...shown.map((segment) => {
      const value = effect(of, segment), size = (50 * Math.abs(value)) / of.limit;
      const bar = made("i");
      bar.style.cssText = `width:${size}%;${value > 0 ? "left:50%" : `left:${50 - size}%`}`;
      return made("li", { class: `${value > 0 ? "for" : "against"}${faint(of, segment) ? " faint" : ""}${segment === hot ? " lit" : ""}`, data: { segment } },
        made("span", { class: "line" }, made("span", {}, nameOf(cut, segment)), made("b", {}, signed(value * of.units, of[2]))),
        made("span", { class: "track" }, bar));
    }));
  }

  function tell(card, cut, of, hot) {
    const line = card.told, strong = made("b");
    line.className = "told";
    if (!of) {
      line.textContent = view.elements.label.value === "" ? "" : "not explained for this label";
      return;
    }
    if (hot === null) {
      line.replaceChildren(`${data.noun} ${short(of[0])}${of[1] === null ? "" : ` · R² ${short(of[1])} `}`, made("br"), `${cut.count} ${data.part}${cut.count === 1 ? "" : "s"}${data.units ? `, effects in ${data.units[card.side]}` : ""}`);
      for (const failure of card.cell.failures) line.append(made("br"), `failed: ${failure}`);
      return;
    }
    line.className = "told hot";
    const rank = of.rank.get(hot), value = effect(of, hot);
    strong.textContent = rank ? figures(of, hot) : "no effect";
    strong.className = !rank || faint(of, hot) ? "" : value > 0 ? "for" : "against";
    const doubt = rank && faint(of, hot) ? " · no clear effect" : "";
    line.replaceChildren(strong, made("br"), `${nameOf(cut, hot)}${rank ? ` · ${rank}. of ${cut.count}` : ""}${doubt}`);
  }

  function draw(card) {
    card.drawn = true;
    const cell = byPlace.get(`${card.side} ${card.instance} ${run()}`), failed = !cell || cell.failure !== undefined;
    card.cell = cell;
    card.failed.hidden = !failed;
    card.failed.lastChild.textContent = cell ? ` ${cell.failure}` : " it was not made";
    if (card.body) card.body.hidden = failed;
    card.told.hidden = failed;
    if (failed || !card.body) return;
    const cut = data.cuts[cell.cut], of = told(cell);
    if (card.seen.kind === "text") drawWords(card, cut, of);
    else if (card.canvas) drawCanvas(card, cut, of);
    else if (cut.seen) drawBars(card, cut, of);
    else mapped(cut).then(() => draw(card));
    if (cut.seen || cut.pieces) tell(card, cut, of, at(card, hovered));
    else tell(card, cut, of, null);
  }

  // --- one place in all cards of an instance

  let hovered = null; // {instance, x, y} in shares of the map, or {instance, start} in a text
  let walked = null; // how far the arrow keys have gone through the first side's strongest

  // The segment of a card at a place, or null.
  function at(card, there) {
    if (!there || there.instance !== card.instance || !card.cell || card.cell.failure !== undefined) return null;
    const cut = data.cuts[card.cell.cut];
    if (cut.pieces) {
      let found = -1;
      cut.starts.forEach((start, index) => { if (start <= there.start) found = cut.owners[index]; });
      return found < 0 ? null : found;
    }
    if (!cut.seen) return null;
    const x = Math.min(cut.w - 1, Math.floor(there.x * cut.w)), y = Math.min(cut.h - 1, Math.floor(there.y * cut.h));
    const segment = cut.seen[y * cut.w + x] - 1;
    return segment < 0 ? null : segment;
  }

  // Where a segment of a card is.
  function whereIs(card, segment) {
    const cut = data.cuts[card.cell.cut];
    if (cut.pieces) return { instance: card.instance, start: cut.starts[cut.owners.indexOf(segment)] };
    const own = [];
    cut.seen.forEach((one, index) => { if (one === segment + 1) own.push(index); });
    if (!own.length) return null;
    const middle = own[own.length >> 1];
    return { instance: card.instance, x: ((middle % cut.w) + 0.5) / cut.w, y: (Math.floor(middle / cut.w) + 0.5) / cut.h };
  }

  let waiting = false;
  function hover(there, from) {
    const before = hovered;
    if (there && before && from && there.instance === before.instance) {
      const cards = byInstance[there.instance];
      const same = cards.every((card) => at(card, there) === at(card, before));
      hovered = there;
      if (same) return;
    }
    hovered = there;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      for (const instance of new Set([before?.instance, hovered?.instance])) byInstance[instance]?.forEach((card) => card.drawn && draw(card));
    });
  }

  function pointed(event) {
    const card = byElement.get(event.target.closest?.(".card"));
    if (!card || !card.cell || card.cell.failure !== undefined) return null;
    if (card.canvas) {
      if (event.target !== card.canvas) return hovered?.instance === card.instance ? hovered : null;
      const box = card.canvas.getBoundingClientRect();
      const share = (value, low, size) => Math.min(0.9999, Math.max(0, (value - low) / size));
      return { instance: card.instance, x: share(event.clientX, box.left, box.width), y: share(event.clientY, box.top, box.height) };
    }
    const part = event.target.closest("[data-segment]");
    if (!part) return null;
    return part.dataset.start ? { instance: card.instance, start: Number(part.dataset.start) } : whereIs(card, Number(part.dataset.segment));
  }

  function walk(event) {
    const home = event.target.closest(".instance");
    if (!home || event.target.tagName === "INPUT") return;
    const card = byInstance[home.dataset.instance].find((one) => told(one.cell));
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { walked = null; hover(null); }
    if (!card || (!step && event.key !== "Home")) return;
    event.preventDefault();
    const order = told(card.cell).order;
    walked = event.key === "Home" || walked === null ? 0 : Math.min(order.length - 1, Math.max(0, walked + step));
    if (order.length) {
      hover(whereIs(card, order[walked]));
      status.textContent = `${data.sides[card.side]}: ${nameOf(data.cuts[card.cell.cut], order[walked])}, ${figures(told(card.cell), order[walked])}`;
    }
  }

  // --- cards and instances

  const byInstance = [], byElement = new Map(), homes = [];

  function makeCard(side, instance, photo) {
    const seen = data.instances[instance].seen, card = { side, instance, seen, photo, drawn: false, cut: null };
    card.told = made("p", { class: "told" });
    card.failed = made("p", { class: "failed" }, made("b", {}, "failed"), "");
    card.failed.hidden = true;
    const title = `${data.sides[side]} on ${data.instances[instance].name}`;
    if (seen.kind === "picture" || seen.kind === "series") {
      card.canvas = card.body = made("canvas", { role: "img", "aria-label": title, width: 1, height: 1, class: seen.sharp ? "sharp" : "" });
      card.body.style.aspectRatio = `${seen.w} / ${seen.h}`;
    } else if (seen.kind === "text") card.body = made("div", { class: "words", role: "group", "aria-label": title });
    else if (seen.kind === "bars") card.body = made("ul", { class: "bars", "aria-label": title });
    const who = made("figcaption", { class: "who", title: data.sides[side] }, made("span", { class: "side-number" }, String(side + 1)), made("bdi", {}, data.sides[side]));
    card.element = made("figure", { class: "card", data: { side } }, who, ...(card.body ? [card.body] : []), card.failed, card.told);
    byElement.set(card.element, card);
    return card;
  }

  function makeInstance(instance) {
    const { name, label, seen } = data.instances[instance];
    let photo = null;
    if (seen.kind === "picture") {
      photo = new Image();
      photo.src = seen.src;
    }
    const cards = data.sides.map((_, side) => makeCard(side, instance, photo));
    byInstance.push(cards);
    const said = made("small", { class: "said" });
    const wordy = seen.kind === "text" || seen.kind === "bars";
    const grid = made("div", { class: `cards${wordy ? " wordy" : ""}`, tabindex: 0, role: "group", "aria-label": `${name}: arrow keys walk through the strongest, Escape lets go` }, ...cards.map((card) => card.element));
    if (data.sides.length <= 4) grid.classList.add("few");
    else if (wordy) grid.style.setProperty("--least", "17rem");
    const home = made("section", { class: "instance", data: { instance }, "aria-label": name }, made("h3", {}, made("bdi", {}, name), said), grid);
    home.said = said;
    home.label = label;
    homes.push(home);
    return home;
  }

  const near = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const card = byElement.get(entry.target);
      if (entry.isIntersecting) {
        near.add(card);
        if (!card.drawn) draw(card);
      } else near.delete(card);
    }
  }, { rootMargin: "300px" });

  // What is far away is drawn again once it comes near.
  function drawAll() {
    for (const card of byElement.values()) {
      if (near.has(card)) draw(card);
      else card.drawn = false;
    }
  }

  function sayInstances() {
    const name = measure(), chosen = view.elements.sort?.value ?? "";
    for (const home of homes) {
      const instance = Number(home.dataset.instance), together_ = many > 1 ? together(instance) : null;
      const label = view.elements.label.selectedOptions[0].textContent;
      const parts = [view.elements.label.value === "" ? (home.label && home.label !== "value" ? `for ${home.label}` : "") : `for ${label}`];
      if (together_ !== null) parts.push(`${pair ? `sides ${pair[0] + 1} and ${pair[1] + 1}` : many > 2 ? "all pairs" : "both"}: ${name === "sign_flips" ? "flipped signs" : "agreement"} ${short(together_)}`);
      if (chosen.startsWith("figure:")) parts.push(`${chosen.slice(7)} ${short(data.sorts[chosen.slice(7)][instance])}`);
      home.said.textContent = parts.filter(Boolean).join(" · ");
    }
  }

  function arrange() {
    const sort = view.elements.sort?.value ?? "given", worse = measure() === "sign_flips";
    const keyed = homes.map((home) => {
      const instance = Number(home.dataset.instance);
      const value = sort === "agreement" ? together(instance) : sort.startsWith("figure:") ? data.sorts[sort.slice(7)][instance] : 0;
      return [home, value === null ? Infinity : sort === "agreement" && worse ? -value : value];
    });
    if (sort === "name") keyed.sort(([a], [b]) => data.instances[a.dataset.instance].name.localeCompare(data.instances[b.dataset.instance].name, undefined, { numeric: true }));
    else keyed.sort((a, b) => a[1] - b[1] || a[0].dataset.instance - b[0].dataset.instance);
    const wanted = (view.elements.filter?.value ?? "").trim().toLowerCase();
    let left = 0;
    for (const [home] of keyed) {
      const { name, label } = data.instances[home.dataset.instance];
      home.hidden = Boolean(wanted) && !`${name}\n${label}`.toLowerCase().includes(wanted);
      left += !home.hidden;
    }
    if (keyed.some(([home], index) => list.children[index] !== home)) list.append(...keyed.map(([home]) => home));
    const said = [wanted ? `${left} of ${homes.length} shown` : ""];
    if (pair) said.push(`sorted by how far ${data.sides[pair[0]]} and ${data.sides[pair[1]]} agree, least first`);
    status.textContent = said.filter(Boolean).join("; ");
  }

  function changed(event) {
    const name = event?.target?.name;
    const stop = top();
    view.elements.shown.value = stop > MOST ? "all" : String(stop);
    view.elements.top.setAttribute("aria-valuetext", stop > MOST ? "all" : String(stop));
    if (name === "sort" && view.elements.sort.value !== "agreement") pair = null;
    if (!name || ["top", "measure", "of", "sort"].includes(name)) drawMatrix();
    sayInstances();
    if (!name || ["top", "measure", "sort", "filter"].includes(name)) arrange();
    if (!name || ["top", "show", "label", "run"].includes(name)) drawAll();
  }

  function recolor() {
    palette();
    drawAll();
  }

  // --- tables

  function sortSides(heading) {
    const table = document.getElementById("sides"), index = [...heading.parentElement.children].indexOf(heading);
    const before = heading.getAttribute("aria-sort"), way = before === "descending" || (before === "none" && index === 0) ? "ascending" : "descending";
    for (const other of heading.parentElement.children) other.setAttribute("aria-sort", other === heading ? way : "none");
    const key = (row) => (row.children[index].dataset.value === "" ? null : Number(row.children[index].dataset.value));
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [one, two] = [key(a), key(b)];
      if (one === null || two === null) return (one === null) - (two === null);
      return (way === "ascending" ? one - two : two - one) || a.dataset.side - b.dataset.side;
    });
    table.tBodies[0].append(...rows);
  }

  // --- begin

  root.classList.add("live");
  palette();
  view.elements.label.append(new Option("the class compared", ""), ...data.labels.map((name, index) => new Option(name, index)));
  if (data.labels.length < 2) view.elements.label.closest("label").hidden = true;
  if (view.elements.sort) {
    const figures = Object.keys(data.sorts).map((name) => new Option(`${name}, lowest first`, `figure:${name}`));
    view.elements.sort.append(new Option("as given", "given"), new Option("name", "name"), ...(many > 1 ? [new Option("least agreement first", "agreement")] : []), ...figures);
  }
  list.append(...data.instances.map((_, instance) => makeInstance(instance)));
  changed();
  for (const card of byElement.values()) watcher.observe(card.element);

  view.addEventListener("input", changed);
  ofMatrix.addEventListener("input", changed);
  for (const form of [view, ofMatrix]) form.addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") { walked = null; hover(pointed(event), event); } });
  list.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") hover(null); });
  list.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch") hover(pointed(event)); });
  list.addEventListener("keydown", walk);
  list.addEventListener("focusout", () => { if (walked !== null) { walked = null; hover(null); } });
  matrix.addEventListener("click", (event) => {
    const cell = event.target.closest("button")?.closest("td");
    if (!cell || data.instances.length < 2) return;
    const chosen = [Number(cell.dataset.one), Number(cell.dataset.two)].sort((a, b) => a - b);
    const again = pair && pair[0] === chosen[0] && pair[1] === chosen[1];
    pair = again ? null : chosen;
    view.elements.sort.value = again ? "given" : "agreement";
    drawMatrix();
    sayInstances();
    arrange();
  });
  document.getElementById("sides").tHead.addEventListener("click", (event) => {
    if (event.target.closest("button")) sortSides(event.target.closest("th"));
  });
  document.getElementById("all-verdicts")?.addEventListener("click", (event) => {
    const open = document.getElementById("verdicts").classList.toggle("all");
    event.target.setAttribute("aria-expanded", open);
    event.target.textContent = open ? "Show fewer pairs" : `Show all ${document.getElementById("verdicts").tBodies[0].rows.length} pairs`;
  });

  const theme = root.querySelector("button[name=theme]"), system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const sayTheme = () => { theme.setAttribute("aria-pressed", dark()); recolor(); };
  theme.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; sayTheme(); });
  system.addEventListener("change", sayTheme);
  sayTheme();
  root.querySelector("input[name=safe]").addEventListener("change", (event) => {
    root.classList.toggle("blue-orange", event.target.checked);
    root.classList.toggle("green-red", !event.target.checked);
    recolor();
  });

  performance.mark("limefw-alive");

  // paper shows what was never scrolled to: all of it is made ready while nobody waits
  addEventListener("beforeprint", () => { palette(); for (const card of byElement.values()) draw(card); });
  const idle = window.requestIdleCallback ?? ((task) => setTimeout(task, 50));
  for (const cut of data.cuts) if (cut.map) await new Promise((next) => idle(() => mapped(cut).then(next), { timeout: 200 }));
  performance.mark("limefw-ready");
  root.dataset.ready = "all";
})();
