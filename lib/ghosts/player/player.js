// A replay to scrub through: its picture up to the moment of a slider. `mount` takes an element and
// what ghosts/player/data.py makes.

const THUMB = 16; // the width of the slider's
const FRAME = 100; // ms for each sample while it plays
// JupyterLab would take arrows and letters as its own commands, from the focused element itself.
const FOCUSED = { "data-lm-suppress-shortcuts": "true" };

/** Make the words and controls around the picture. */
function frame(root, data, id) {
  root.classList.add("ghosts-player");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "A replay to scrub through");
  const runs = add(root, "fieldset", { class: "runs" });
  const title = add(root, "p", { class: "state", "aria-live": "polite" });
  const beside = add(root, "p", { class: "beside" });
  const outcome = add(root, "p", { class: "ended", "aria-live": "polite" });
  const legend = add(root, "ul", { class: "legend", "aria-label": "States of a session" });
  const svg = add(root, "svg", {
    role: "img", width: "100%",
    "aria-label": "Sessions, connections, blocked workers and memory up to the minute of the slider",
  });
  for (const { state, meaning } of data.states) {
    const item = add(legend, "li");
    const swatch = add(item, "svg", { width: 26, height: 12, "aria-hidden": "true" });
    add(swatch, "rect", { width: 26, height: 12, fill: `url(#${id}-${state})` });
    item.append(meaning);
  }
  const time = add(root, "div", { class: "time" });
  const slider = add(time, "input", {
    type: "range", min: 0, step: 1, "aria-label": "Simulated time", ...FOCUSED,
  });
  const button = add(time, "button", { type: "button", ...FOCUSED }, "Play");
  return { runs, title, beside, outcome, svg, button, slider };
}

/** A player in an element; `update` gives it other data and, by name, the run to show. */
class Player {
  constructor(root, data, name) {
    this.root = root;
    this.id = `ghosts-player-${Math.random().toString(36).slice(2)}`; // each has its own module
    this.parts = frame(root, data, this.id);
    this.parts.slider.addEventListener("input", () => this.seek(+this.parts.slider.value, true));
    this.parts.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    this.update(data, name);
    this.parts.slider.value = this.run.samples.t.length - 1;
    this.seek(+this.parts.slider.value);
    this.watcher = new ResizeObserver(() => this.redraw());
    this.watcher.observe(root);
  }

  update(data, name) {
    this.data = data;
    this.picture = new Picture(this.parts.svg, data, this.id);
    const { runs, beside, outcome } = this.parts;
    runs.replaceChildren();
    runs.hidden = data.runs.length === 1;
    beside.hidden = outcome.hidden = !data.choices;
    add(runs, "legend", {}, data.choices ? "Stored runs" : "Run");
    this.radios = [];
    if (data.choices) this.offerParameters(runs);
    else for (const run of data.runs) this.offer(runs, this.id, run.name, () => run);
    this.choose(data.runs.find((run) => run.name === name) ?? data.runs[0]);
  }

  /** Add a choice that shows the run that `find` returns, and is disabled where there is none. */
  offer(group, name, text, find) {
    const label = add(group, "label");
    const input = add(label, "input", { type: "radio", name, ...FOCUSED });
    input.addEventListener("change", () => this.choose(find()));
    label.append(text);
    this.radios.push({ input, find });
  }

  /** Add the values of each parameter; a choice of one leaves the others as they are. */
  offerParameters(group) {
    for (const { name, label, options } of this.data.choices) {
      const values = add(group, "fieldset");
      add(values, "legend", {}, label);
      for (const { value, label: text } of options) {
        this.offer(values, `${this.id}-${name}`, text, () => this.changed(name, value));
      }
    }
  }

  /** Return the run that differs from the one shown in this parameter alone, if it is stored. */
  changed(name, value) {
    const sought = Object.entries({ ...this.run.parameters, [name]: value });
    return this.data.runs.find(({ parameters }) => sought.every(([key, one]) => parameters[key] === one));
  }

  markChoices() {
    for (const { input, find } of this.radios) {
      const run = find();
      input.checked = run === this.run;
      input.disabled = !run;
    }
  }

  /** Show another run at the same moment, or at its end where it is shorter. */
  choose(run) {
    this.at = latest(run, this.run?.samples.t[this.at] ?? Infinity);
    this.run = run;
    this.markChoices();
    this.parts.slider.max = run.samples.t.length - 1;
    this.parts.outcome.textContent = run.finding ?? "";
    this.redraw();
  }

  redraw() {
    this.picture.draw(this.run, this.root.clientWidth - 2 * LINE);
    const { slider } = this.parts;
    const { t } = this.run.samples;
    const [first, last] = [this.picture.x(t[0]), this.picture.x(t.at(-1))];
    slider.style.marginLeft = `${first - THUMB / 2}px`;
    slider.style.width = `${last - first + THUMB}px`;
    this.seek(this.at);
  }

  seek(at, byHand = false) {
    if (byHand) this.pause();
    this.at = at;
    const { slider, title, beside } = this.parts;
    slider.value = at;
    slider.setAttribute("aria-valuetext", `minute ${minute(this.run.samples.t[at])}`);
    title.textContent = finding(this.run, at);
    if (this.data.choices) beside.textContent = this.besides();
    this.picture.show(at);
  }

  /** Return what the incident shows at the same moment. */
  besides() {
    const [incident] = this.data.runs;
    if (this.run === incident) return `These are the incident's parameters: ${incident.name}.`;
    const at = latest(incident, this.run.samples.t[this.at]);
    return `Incident (${incident.name}), ${finding(incident, at)}`;
  }

  /** Move the slider by a sample at a time; where motion is not wanted, by a few jumps. */
  play() {
    const last = () => this.run.samples.t.length - 1;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (this.at >= last()) this.seek(0);
    this.parts.button.textContent = "Pause";
    this.parts.title.setAttribute("aria-live", "off"); // else each step would be read
    this.timer = setInterval(() => {
      const by = still ? Math.ceil(last() / 20) : 1;
      this.seek(Math.min(this.at + by, last()));
      if (this.at >= last()) this.pause();
    }, still ? 10 * FRAME : FRAME);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.parts.button.textContent = "Play";
    this.parts.title.setAttribute("aria-live", "polite");
  }

  close() {
    this.pause();
    this.watcher.disconnect();
  }
}

/** Show a run of `data` in an element, and a choice of the others; return the player. */
export function mount(root, data, name = data.runs[0].name) {
  return new Player(root, data, name);
}
