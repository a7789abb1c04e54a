// The picture of a replay: each session as a bar, gauge against TCP, blocked workers and memory.
// Uses the words of words.js.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 56; // pixels, for the numbers of the axes
const RIGHT = 150; // for the labels beside the last moment
const NAME = 24; // above each panel
const AXIS = 40; // below the last
const PANELS = { lanes: 190, connections: 84, workers: 42, memory: 58 };
const LINE = 16; // between two labels
const DASHES = { "-": "none", "--": "9 4", "-.": "10 4 2 4", ":": "2 4" };
const STEPS = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 240, 480, 960];

/** Append an element to a parent, and return it. */
function add(parent, name, attributes = {}, text = "") {
  const space = parent.namespaceURI === SVG || name === "svg" ? SVG : "http://www.w3.org/1999/xhtml";
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

const most = (values) => values.reduce((one, other) => Math.max(one, other), 1);

/** Return a round step that divides a length into at most this many parts. */
function step(length, parts) {
  const power = 10 ** Math.floor(Math.log10(length / parts));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => length / one <= parts);
}

/** The picture: all of a run is drawn once, and a clip shows it up to a moment. */
class Picture {
  constructor(svg, data, id) {
    // With a choice of parameters, the first run is the one that others are compared with.
    Object.assign(this, { svg, data, id, incident: data.choices && data.runs[0] });
  }

  /** Draw a run on axes that all runs share. */
  draw(run, width) {
    this.run = run;
    this.width = Math.max(width, LEFT + RIGHT + 120);
    this.until = most(this.data.runs.map((one) => one.samples.t.at(-1)));
    const all = (...keys) => most(this.data.runs.flatMap((one) => keys.flatMap((key) => one.samples[key])));
    const tops = {
      lanes: most(this.data.runs.map((one) => one.sessions)),
      connections: all("gauge", "tcp"),
      workers: most(this.data.runs.map((one) => one.workers)),
      memory: all("rss_bytes", "retained_bytes"),
    };
    this.svg.replaceChildren();
    this.defineFills();
    this.panels = {};
    let y = 0;
    for (const [name, height] of Object.entries(PANELS)) {
      this.panels[name] = { top: (y += NAME), height, most: 1.08 * tops[name] };
      y += height;
    }
    this.bottom = y;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${y + AXIS}`);
    this.svg.setAttribute("height", y + AXIS);
    this.drawAxes();
    this.past = add(this.svg, "g", { "clip-path": `url(#${this.id}-past)` });
    this.drawFaults();
    this.drawLanes();
    this.drawLines();
    this.now = add(this.svg, "g");
  }

  /** Return the horizontal place of a simulated second. */
  x(t) {
    return LEFT + (t / this.until) * (this.width - LEFT - RIGHT);
  }

  /** Return the vertical place of a value in a panel. */
  y(panel, value) {
    const { top, height, most: highest } = this.panels[panel];
    return top + height - (value / highest) * height;
  }

  defineFills() {
    const defs = add(this.svg, "defs");
    const clip = add(defs, "clipPath", { id: `${this.id}-past` });
    this.clip = add(clip, "rect", { x: 0, y: 0, width: 0, height: 2000 });
    for (const [name, look] of Object.entries(this.data.looks)) {
      const pattern = add(defs, "pattern", {
        id: `${this.id}-${name}`, width: 8, height: 8, patternUnits: "userSpaceOnUse",
      });
      add(pattern, "rect", { width: 8, height: 8, fill: look.fill });
      const ink = { stroke: look.ink, fill: look.ink, "stroke-width": 1 };
      if (look.hatch === "//") add(pattern, "path", { d: "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4", ...ink });
      if (look.hatch === "..") add(pattern, "circle", { cx: 4, cy: 4, r: 0.9, ...ink, stroke: "none" });
    }
  }

  fill(look) {
    return `url(#${this.id}-${look})`;
  }

  drawAxes() {
    const right = this.width - RIGHT;
    const names = {
      lanes: "Sessions, in order of opening",
      connections: "Connections: gauge and TCP",
      workers: "Blocked upload workers",
      memory: `Memory (${this.data.memory})`,
    };
    for (const [name, panel] of Object.entries(this.panels)) {
      add(this.svg, "text", { x: LEFT, y: panel.top - 6, class: "name" }, names[name]);
      const unit = name === "memory" ? MIB : 1;
      const every = Math.max(step(panel.most / unit, panel.height / 20), name === "memory" ? 0 : 1) * unit;
      for (let value = 0; value <= panel.most; value += every) {
        const y = this.y(name, value);
        add(this.svg, "path", { d: `M${LEFT},${y} H${right}`, class: value ? "grid" : "axis" });
        const label = { x: LEFT - 8, y: y + 4, "text-anchor": "end", class: "tick" };
        add(this.svg, "text", label, (value / unit).toLocaleString("en"));
      }
    }
    const minutes = this.until / 60;
    const every = STEPS.find((one) => minutes / one <= Math.min(12, this.width / 80)) ?? STEPS.at(-1);
    for (let tick = 0; tick <= minutes; tick += every) {
      const label = { x: this.x(60 * tick), y: this.bottom + 16, "text-anchor": "middle", class: "tick" };
      add(this.svg, "text", label, tick);
    }
    const label = { x: right, y: this.bottom + 34, "text-anchor": "end", class: "name" };
    add(this.svg, "text", label, "simulated time (minutes)");
  }

  drawFaults() {
    for (const { start, end } of this.run.faults) {
      const [x, width] = [this.x(start), this.x(end) - this.x(start)];
      add(this.past, "rect", { x, y: NAME, width, height: this.bottom - NAME, fill: this.fill("fault") });
    }
    const full = this.run.all_blocked_at;
    if (full === null) return;
    add(this.past, "path", { d: `M${this.x(full)},${NAME} V${this.bottom}`, class: "mark" });
  }

  drawLanes() {
    const room = PANELS.lanes / this.panels.lanes.most;
    for (const [state, spans] of Object.entries(this.run.lanes)) {
      for (const [row, start, end] of spans) {
        add(this.past, "rect", {
          x: this.x(start),
          y: this.y("lanes", row + 1),
          width: this.x(end) - this.x(start),
          height: Math.max(room > 4 ? 0.85 * room : room, 1),
          fill: this.fill(state),
          class: state,
        });
      }
    }
  }

  drawLines() {
    const { gauge, tcp, ghosts, half_open, workers_blocked, rss_bytes, retained_bytes } = this.run.samples;
    const others = gauge.map((count, at) => count - ghosts[at]);
    this.area("connections", "draining", tcp, others.map((count, at) => Math.max(count, tcp[at])));
    this.area("connections", "ghost", others, gauge);
    this.area("connections", "half_open", tcp.map((count, at) => count - half_open[at]), tcp);
    this.line("connections", "gauge", gauge);
    this.line("connections", "tcp", tcp);
    const nothing = gauge.map(() => 0);
    const limit = this.y("workers", this.run.workers);
    add(this.svg, "path", { d: `M${LEFT},${limit} H${this.width - RIGHT}`, class: "limit" });
    this.area("workers", "blocked", nothing, workers_blocked);
    this.line("workers", "blocked", workers_blocked);
    this.area("memory", "ghost", nothing, retained_bytes);
    this.line("memory", "memory", rss_bytes);
    if (!this.compared()) return;
    this.line("connections", "incident", this.incident.samples.gauge, this.incident);
    this.line("workers", "incident", this.incident.samples.workers_blocked, this.incident);
  }

  /** Return whether another run is shown than the one to compare with. */
  compared() {
    return this.incident && this.run !== this.incident;
  }

  points(panel, values, run = this.run) {
    const { t } = run.samples;
    return values.map((value, at) => `${this.x(t[at]).toFixed(1)},${this.y(panel, value).toFixed(1)}`);
  }

  area(panel, look, low, high) {
    const points = [...this.points(panel, high), ...this.points(panel, low).reverse()];
    add(this.past, "polygon", { points: points.join(" "), fill: this.fill(look), opacity: 0.75 });
  }

  line(panel, look, values, run) {
    const { color, width, dash } = this.data.looks[look];
    add(this.past, "polyline", {
      points: this.points(panel, values, run).join(" "), fill: "none", stroke: color,
      "stroke-width": width, "stroke-dasharray": DASHES[dash],
    });
  }

  /** Show the run up to a sample, and what was counted there. */
  show(at) {
    const { samples, faults, workers, all_blocked_at: full } = this.run;
    const t = samples.t[at];
    const x = this.x(t);
    this.clip.setAttribute("width", x);
    this.now.replaceChildren();
    add(this.now, "path", { d: `M${x},${NAME} V${this.bottom}`, class: "now" });
    for (const { start, name } of faults) {
      if (start <= t) this.write(this.x(start) + 6, NAME + LINE, name, "start");
    }
    if (full !== null && full <= t) {
      const left = this.x(full) > LEFT + 280; // room for it, clear of the line of now
      const said = `minute ${minute(full)}: all ${workers} workers blocked`;
      this.write(this.x(full) + (left ? -6 : 6), NAME + LINE * (1 + faults.length), said, left ? "end" : "start");
    }
    this.label("lanes", x, this.openLanes(t));
    this.label("connections", x, [
      [samples.gauge[at], `gauge ${samples.gauge[at]}`, "gauge"],
      [samples.tcp[at], `TCP ${samples.tcp[at]}`, "tcp"],
      ...this.beside(t, "gauge"),
    ]);
    const blocked = samples.workers_blocked[at];
    this.label("workers", x, [
      [blocked, `${blocked} of ${workers}`, "blocked"],
      ...this.beside(t, "workers_blocked"),
    ]);
    const [process, retained] = [samples.rss_bytes[at], samples.retained_bytes[at]];
    this.label("memory", x, [
      ...(process ? [[process, `process ${mib(process)}`, "memory"]] : []),
      ...(process || retained ? [[retained, `ghosts ${mib(retained)}`, "ghost"]] : []),
    ]);
  }

  /** Return the label of a count in the run to compare with, if another one is shown. */
  beside(t, name) {
    if (!this.compared()) return [];
    const value = this.incident.samples[name][latest(this.incident, t)];
    return [[value, `incident ${value}`, "incident"]];
  }

  /** Return how many sessions are in each state at a moment, and the middle of their bars. */
  openLanes(t) {
    const last = this.run.samples.t.at(-1);
    return Object.entries(this.run.lanes).flatMap(([state, spans]) => {
      const rows = spans.filter(([, start, end]) => start <= t && (t < end || end === last)).map(([row]) => row);
      const middle = rows.reduce((sum, row) => sum + row + 0.5, 0) / rows.length;
      const said = state === "ghost" ? counted(rows.length, "ghost") : `${rows.length} ${state.replace("_", "-")}`;
      return rows.length ? [[middle, said, state]] : [];
    });
  }

  /** Write labels beside a moment, clear of each other and within their panel. */
  label(panel, x, labels) {
    const places = labels
      .map(([value, text, look]) => ({ y: this.y(panel, value) + 5, text, look }))
      .sort((one, other) => one.y - other.y);
    const { top, height } = this.panels[panel];
    let free = top + 8;
    for (const place of places) {
      place.y = Math.max(place.y, free);
      free = place.y + LINE;
    }
    let limit = top + height + 5;
    for (const place of places.reverse()) {
      place.y = Math.min(place.y, limit);
      limit = place.y - LINE;
      const style = { x: x + 8, y: place.y, class: "label", style: `fill: ${this.data.looks[place.look].ink}` };
      add(this.now, "text", style, place.text);
    }
  }

  write(x, y, text, anchor) {
    add(this.now, "text", { x, y, "text-anchor": anchor, class: "note" }, text);
  }
}

