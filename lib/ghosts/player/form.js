
// The widget: the player, and the form that changes parameters and runs the replay again in the
// kernel. What is wrong with a value is said by the kernel, in `status`.

const FIELDS = [
  { name: "workers", label: "Upload workers", min: 1, step: 1, placeholder: "" },
  { name: "deadline", label: "Deadline of an upload (s)", min: 1, step: 1, placeholder: "none" },
  { name: "share", label: "Uploads that hang (%)", min: 0, step: "any", placeholder: "" },
];

/** Add the form; `send` takes what its fields hold. */
function addForm(root, values, send) {
  const form = add(root, "form", { class: "change" });
  form.noValidate = true;
  const inputs = FIELDS.map(({ name, label, ...attributes }) => {
    const input = add(add(form, "label", {}, label), "input", {
      type: "number", name, ...attributes, ...FOCUSED,
    });
    input.value = values[name];
    return input;
  });
  // JupyterLab keeps Enter from sending a form.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.localName !== "input") return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = (input) => (input.validity.badInput ? "no number" : input.value);
    send(Object.fromEntries(inputs.map((input) => [input.name, value(input)])));
  });
  return add(form, "button", { type: "submit", ...FOCUSED }, "Run again");
}

/** Add the line that says what runs, and keep it and the button as the kernel says. */
function addOutcome(root, model, button) {
  const outcome = add(root, "div", { class: "outcome" });
  const progress = add(outcome, "progress", { max: 1, "aria-label": "Progress of the replay" });
  const status = add(outcome, "p", { role: "status" });
  const show = () => {
    const done = model.get("progress");
    progress.hidden = done < 0;
    progress.value = Math.max(done, 0);
    button?.setAttribute("aria-disabled", done >= 0); // not disabled: that would lose the focus
    if (status.textContent !== model.get("status")) status.textContent = model.get("status");
  };
  model.on("change:progress change:status", show);
  show();
}

function render({ model, el }) {
  const player = mount(el, model.get("data"), model.get("shown"));
  const send = (fields) => {
    model.set("status", "waiting for the kernel");
    model.save_changes();
    model.send({ run: fields });
  };
  const values = model.get("fields");
  addOutcome(el, model, values.workers && addForm(el, values, send));
  model.on("change:data", () => player.update(model.get("data"), model.get("shown")));
  return () => player.close();
}

export default { render };
