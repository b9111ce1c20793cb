// Loads a file into valgrind's dh_view.js without a browser: node dhat_viewer.js DH_VIEW.JS FILE
// Prints, as JSON, the text of the page and what the viewer's tree says of each frame: the sums of
// the nodes that have it, each once.
"use strict";
const fs = require("fs");
const vm = require("vm");

class Element {
  constructor(tag) {
    this.tag = tag;
    this.childNodes = [];
    this.parentNode = null;
    this.textContent = "";
  }
  appendChild(child) {
    child.parentNode = this;
    this.childNodes.push(child);
    return child;
  }
  cloneNode() { return new Element(this.tag); }
  replaceChild(fresh, old) {
    this.childNodes[this.childNodes.indexOf(old)] = fresh;
    fresh.parentNode = this;
  }
  get selectedIndex() { return this.childNodes.findIndex((option) => option.selected); }
  text() { return this.textContent + this.childNodes.map((child) => child.text()).join(""); }
}

const [viewer, file] = process.argv.slice(2);
globalThis.document = {
  body: new Element("body"),
  location: { search: "" },
  title: "",
  createElement: (tag) => new Element(tag),
  createTextNode: (text) => Object.assign(new Element("#text"), { textContent: text }),
};
globalThis.window = {};
globalThis.dataFile = file;
globalThis.FileReader = class {
  readAsText(chosen) { this.onload({ target: { result: fs.readFileSync(chosen.name, "utf8") } }); }
};

const after = `
  onLoad();
  gInput.files = [{ name: dataFile }];
  loadFile();
  (() => {
    const sums = {};
    const add = (node, outer) => {
      const own = new Set(outer);
      for (const number of node._frames) {
        const frame = gData.ftbl[number];
        if (own.has(frame)) continue;
        own.add(frame);
        const sum = sums[frame] ||= { total_bytes: 0, total_blocks: 0, end_bytes: 0, gmax_bytes: 0 };
        sum.total_bytes += node._totalBytes;
        sum.total_blocks += node._totalBlocks;
        sum.end_bytes += node._atTEndBytes;
        sum.gmax_bytes += node._atTGmaxBytes;
      }
      for (const kid of node._kids || []) add(kid, own);
    };
    add(gRoot, []);
    return JSON.stringify({ page: document.body.text(), frames: sums });
  })();
`;
console.log(vm.runInThisContext(fs.readFileSync(viewer, "utf8") + after, { filename: viewer }));
