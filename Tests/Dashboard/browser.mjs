// As much of a browser as the dashboard needs: elements that keep what is written into them, a store for the token, and
// a coordinator whose answers a check decides. Pauses are fifty times shorter.
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

const dashboard = new URL("../../dashboard/", import.meta.url);

class Node extends EventTarget {
  parent = null;
  remove() {
    if (!this.parent) return;
    this.parent.childNodes = this.parent.childNodes.filter((node) => node !== this);
    this.parent = null;
  }
}

class Text extends Node {
  constructor(text) { super(); this.textContent = String(text); }
}

class Element extends Node {
  childNodes = []; dataset = {}; attributes = {}; className = ""; hidden = false; value = "";
  scrollTop = 0; clientHeight = 0; scrollHeight = 0;
  classList = { add: (name) => { this.className += " " + name; } };
  constructor(document, tag) { super(); this.document = document; this.tag = tag; }
  get children() { return this.childNodes.filter((node) => node instanceof Element); }
  get firstChild() { return this.childNodes[0]; }
  get lastChild() { return this.childNodes.at(-1); }
  get textContent() { return this.childNodes.map((node) => node.textContent).join(""); }
  set textContent(text) { this.replaceChildren(...(text === "" ? [] : [text])); }
  set innerHTML(_) { throw new Error("text became markup"); }
  adopt(nodes) {
    return nodes.map((node) => {
      if (!(node instanceof Node)) node = new Text(node);
      node.remove();
      node.parent = this;
      return node;
    });
  }
  append(...nodes) { this.childNodes.push(...this.adopt(nodes)); }
  prepend(...nodes) { this.childNodes.unshift(...this.adopt(nodes)); }
  replaceChildren(...nodes) {
    for (const node of this.childNodes) {
      node.parent = null;
      // An element that leaves the page loses the focus.
      if (node.all?.().includes(this.document.activeElement)) this.document.activeElement = null;
    }
    this.childNodes = [];
    this.append(...nodes);
  }
  all() { return [this, ...this.children.flatMap((child) => child.all())]; }
  find(tag) { return this.all().filter((element) => element.tag === tag); }
  querySelector(selector) {
    const [, tag, job] = selector.match(/^(\w+)\[data-job="(\d+)"\]$/);
    return this.find(tag).find((element) => String(element.dataset.job) === job);
  }
  setAttribute(name, value) { this.attributes[name] = value; }
  focus() { this.document.activeElement = this; }
  click() { for (let at = this; at instanceof Element; at = at.parent) at.dispatchEvent(new Event("click")); }
}

/// A stream of server-sent events that stays open until it is broken or given up.
export class Stream {
  isOpen = true;
  constructor(signal) {
    this.body = new ReadableStream({ start: (controller) => { this.controller = controller; } });
    signal?.addEventListener("abort", () => {
      if (this.isOpen) this.controller.error(signal.reason);
      this.isOpen = false;
    });
  }
  send(name, value, id) {
    const head = id === undefined ? "" : `id: ${id}\n`;
    this.controller.enqueue(new TextEncoder().encode(`${head}event: ${name}\ndata: ${JSON.stringify(value)}\n\n`));
  }
  end() { this.isOpen = false; this.controller.close(); }
}

/// A page of its own.
export class Page {
  requests = [];
  streams = { events: [], logs: [] };
  me = { user_name: "ada", role: "viewer", lab_name: "vision" };
  overview = { at: 100, labs: [], workers: { alive: 1, slots: 2, busy: 1 }, devices: [], tasks: [] };
  jobs = [];
  steps = [];
  /// A function of the path that answers in place of the coordinator, or gives undefined.
  instead = () => undefined;

  /// - token: what an earlier visit has left.
  constructor({ token, instead } = {}) {
    if (instead) this.instead = instead;
    const document = new EventTarget();
    const elements = {};
    for (const [, tag, id] of readFileSync(new URL("index.html", dashboard), "utf8").matchAll(/<(\w+) id="([\w-]+)"/g)) {
      elements[id] = new Element(document, tag);
    }
    Object.assign(document, {
      hidden: false, activeElement: null, getElementById: (id) => elements[id],
      createElement: (tag) => new Element(document, tag),
      createElementNS: (namespaceURI, tag) => Object.assign(new Element(document, tag), { namespaceURI }),
    });
    this.document = document;
    this.store = new Map(token ? [["token", token]] : []);
    const sessionStorage = {
      getItem: (name) => this.store.get(name) ?? null, setItem: (name, value) => this.store.set(name, value),
      removeItem: (name) => this.store.delete(name),
    };
    const quick = (start) => (body, ms) => start(body, ms / 50);
    runInContext(readFileSync(new URL("app.js", dashboard), "utf8"), createContext({
      document, sessionStorage, Node, AbortController, AbortSignal, TextDecoderStream, Event,
      setTimeout: quick(setTimeout), setInterval: quick(setInterval),
      fetch: (path, options) => this.answer(path, options),
    }));
  }

  async answer(path, { headers, signal }) {
    const token = headers.Authorization.slice("Bearer ".length);
    this.requests.push({ path, token });
    signal?.throwIfAborted();
    const own = this.instead(path, token);
    if (own instanceof Error) throw own;
    if (own) return own;
    const kind = path.includes("/logs/stream") ? "logs" : path.startsWith("v1/events/stream") ? "events" : null;
    if (kind) {
      const stream = Object.assign(new Stream(signal), { path, token });
      this.streams[kind].push(stream);
      return new Response(stream.body);
    }
    if (path === "v1/me") return Response.json(this.me);
    if (path === "v1/overview") return Response.json(this.overview);
    const [, job] = path.match(/^v1\/jobs\/(\d+)\/wait/) ?? [];
    if (job) return Response.json(this.jobs.find(({ id }) => id === Number(job)));
    const [, after] = path.match(/\/steps\?after=(\d+)/) ?? [];
    if (after) return Response.json(this.steps.filter(({ step }) => step > Number(after)));
    const limit = Number(path.match(/^v1\/jobs\?limit=(\d+)/)[1]);
    const jobs = this.jobs.slice(0, limit);
    return Response.json({ jobs, ...(this.jobs.length > limit ? { next: jobs.at(-1).id } : {}) });
  }

  $(id) { return this.document.getElementById(id); }
  enter(token) {
    this.$("token").value = token;
    this.$("enter").dispatchEvent(new Event("submit", { cancelable: true }));
  }
  open(kind) { return this.streams[kind].filter((stream) => stream.isOpen); }
  turn(hidden) { this.document.hidden = hidden; this.document.dispatchEvent(new Event("visibilitychange")); }
}

export const job = (id, more = {}) => ({
  id, lab: "vision", user: "ada", state: "running", created_at: 1, spec: { kind: "train", name: `job ${id}` }, ...more,
});
