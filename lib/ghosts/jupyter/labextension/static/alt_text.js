// Gives pictures in JupyterLab the alternative text of their output's metadata, which JupyterLab
// leaves out. Written by hand in the form that a build would give it: a container of one module.
"use strict";

(() => {
  const TYPE = "image/png";
  let shared;

  // JupyterLab's own module: what it shares is by name, then by version.
  async function module(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  // JupyterLab's own renderer, whose picture gets the text when it is drawn.
  function withText(renderer) {
    const draw = renderer.renderModel.bind(renderer);
    renderer.renderModel = async (model) => {
      await draw(model);
      const text = model.metadata[TYPE]?.alt;
      if (text) renderer.node.querySelector("img").alt = text;
    };
    return renderer;
  }

  function plugin({ IRenderMimeRegistry, imageRendererFactory }) {
    return {
      id: "ghosts-alt-text:plugin",
      autoStart: true,
      requires: [IRenderMimeRegistry],
      activate: (_, registry) =>
        registry.addFactory({
          safe: true,
          mimeTypes: [TYPE],
          defaultRank: imageRendererFactory.defaultRank,
          createRenderer: (options) => withText(imageRendererFactory.createRenderer(options)),
        }),
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["ghosts-alt-text"] = {
    init: (scope) => void (shared = scope),
    get: async () => {
      const exports = { __esModule: true, default: plugin(await module("@jupyterlab/rendermime")) };
      return () => exports;
    },
  };
})();
