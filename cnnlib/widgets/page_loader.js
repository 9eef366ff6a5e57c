// Starts the widgets of a built page. This is a classic script, not a module, because a browser
// loads no module from file://; each widget's module is therefore imported from a Blob.
(() => {
  "use strict";
  const version = "/* VERSION */"; // of all that is loaded below, so that no old copy is used
  const home = document.currentScript.src.replace(/[^/]*$/, "");
  const imported = new Map();
  const assets = {}; // filled by the scripts that are asked for: the widgets' modules and their large data
  const asked = new Map();

  function load(name) {
    if (!imported.has(name)) {
      imported.set(name, asset(`widget_${name}`).then((text) =>
        import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })))));
    }
    return imported.get(name);
  }

  function asset(name) {
    if (!asked.has(name)) {
      asked.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${home}cnn-assets/${name}.js?v=${version}`;
        script.onload = () => resolve(assets[name]);
        script.onerror = () => {
          asked.delete(name); // so that another try may succeed
          reject(new Error(`${script.src} could not be loaded`));
        };
        document.head.append(script);
      }));
    }
    return asked.get(name);
  }

  // The part of anywidget's model that the widgets use, with no kernel behind it.
  function createModel(state) {
    const listeners = new Map();
    const fire = (event) => [...(listeners.get(event) ?? [])].forEach((listener) => listener());
    return {
      get: (key) => state[key],
      set(key, value) {
        if (JSON.stringify(state[key]) === JSON.stringify(value)) return;
        state[key] = value;
        fire(`change:${key}`);
        fire("change");
      },
      on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
      off: (event, listener) =>
        listeners.set(event, (listeners.get(event) ?? []).filter((each) => listener && each !== listener)),
      save_changes() {},
      asset,
    };
  }

  async function mount(place) {
    const model = createModel(JSON.parse(place.dataset.state));
    const el = document.createElement("div");
    const widget = (await load(place.dataset.widget)).default;
    const destroy = await widget.render({ model, el });
    const picture = [...place.childNodes];
    place.replaceChildren(el); // only now: a widget that fails leaves its picture standing
    place.dataset.alive = "true";
    // Knobs are of no use on paper: there the picture takes the widget's place.
    window.addEventListener("beforeprint", () => place.replaceChildren(...picture));
    window.addEventListener("afterprint", () => place.replaceChildren(el));
    return { model, el, destroy };
  }

  // Of two widgets of a kind on a page, the second and its regions get a number, so that whoever hears them can tell.
  function tellApart() {
    const counts = new Map();
    document.querySelectorAll(".cnnlib-widget[data-alive]").forEach((place) => {
      const number = (counts.get(place.dataset.widget) ?? 0) + 1;
      counts.set(place.dataset.widget, number);
      if (number === 1) return;
      place.querySelectorAll("section[aria-label], [role=region][aria-label]").forEach((region) =>
        region.setAttribute("aria-label", `${region.getAttribute("aria-label")} ${number}`));
    });
  }

  function start() {
    const places = document.querySelectorAll(".cnnlib-widget[data-widget]");
    window.cnnlibWidgets = { load, mount, assets, ready: null };
    window.cnnlibWidgets.ready = Promise.allSettled([...places].map(mount));
    window.cnnlibWidgets.ready.then(tellApart);
    window.cnnlibWidgets.ready.then((all) => {
      all.filter((each) => each.reason).forEach((each) => console.error("cnnlib widget:", each.reason));
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
