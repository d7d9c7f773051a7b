// The dashboard: reads the same API as the command line, with the viewer's own token.
// Whatever comes from the API is written as text, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);
const METRICS = ["reward/mean", "kl", "entropy", "completion/length_mean", "gradient_norm", "loss"];
const PAGE = 30, MOST_JOBS = 990, MOST_EVENTS = 200, MOST_LINES = 5000, MOST_POINTS = 1000;
const PATIENCE = 15000;  // of a request, in milliseconds
let session = null;      // from a token's entry to its end; ends whatever waits on its behalf
let watching = null;     // ends what belongs to the chosen job
let chosen = null;       // the job whose curves and log are shown
let steps = [];          // of the chosen job
let wanted = PAGE;       // so many jobs are listed

class Refused extends Error {}

async function call(path, signal) {
  const answer = await fetch(path, { headers: { Authorization: "Bearer " + sessionStorage.getItem("token") }, signal });
  if (answer.status === 401) { leave("The token does not work."); throw new Refused("401"); }
  if (!answer.ok) {
    const body = await answer.json().catch(() => null);  // a proxy before the coordinator answers otherwise
    throw new Error(body?.error?.message ?? `the answer is ${answer.status}, and not a coordinator's`);
  }
  return answer;
}
const get = async (path, signal) =>
  (await call(path, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]))).json();

/// What to tell people: a request without an answer fails with a TypeError, one that takes too long with a TimeoutError.
const reason = (error) =>
  ["TypeError", "TimeoutError"].includes(error.name) ? "the coordinator does not answer" : error.message;

/// Server-sent events; a browser's own EventSource cannot send a token.
async function follow(path, signal, onEvent) {
  const reader = (await call(path, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const event = {};
      for (const line of rest.slice(0, end).split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
      }
      rest = rest.slice(end + 2);
      if (event.event) onEvent(event.event, event.data ?? "", event.id);
    }
  }
}

/// A stream for as long as the page is seen, taken up again whenever it breaks. A browser opens few connections to a
/// server, for all its tabs together: one that nobody looks at holds none.
async function keepFollowing(path, signal, onEvent) {
  let ended = false;
  while (!ended && !signal.aborted) {
    if (document.hidden) {
      await new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));
      continue;
    }
    const unseen = new AbortController();
    const hide = () => { if (document.hidden) unseen.abort(); };
    document.addEventListener("visibilitychange", hide);
    try {
      await follow(path(), AbortSignal.any([signal, unseen.signal]), (name, data, id) => {
        if (signal.aborted) return;
        ended ||= name === "end";
        onEvent(name, data, id);
      });
    } catch (error) {
      if (error instanceof Refused) return;
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
    if (!ended && !document.hidden) await pause(1000);
  }
}

const pause = (ms) => new Promise((go) => setTimeout(go, ms));
const clock = (seconds) => new Date(seconds * 1000).toLocaleString();
function duration(seconds) {
  seconds = Math.max(0, seconds);
  if (seconds < 60) return seconds.toFixed(0) + " s";
  if (seconds < 3600) return (seconds / 60).toFixed(0) + " min";
  return (seconds / 3600).toFixed(1) + " h";
}

function row(cells, { onClick, classes } = {}) {
  const tr = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    if (cell instanceof Node) td.append(cell);
    else { td.textContent = cell.text ?? cell; if (cell.class) td.className = cell.class; }
    tr.append(td);
  }
  if (classes) tr.className = classes;
  if (onClick) { tr.classList.add("choosable"); tr.addEventListener("click", onClick); }
  return tr;
}
const number = (value) => ({ text: String(value), class: "n" });

function progress(value) {
  if (!value) return "";
  const span = document.createElement("span");
  const text = `${Math.round(value.done)}${value.total ? "/" + Math.round(value.total) : ""} ${value.unit}`;
  if (value.total) {
    const bar = document.createElement("progress");
    bar.max = value.total; bar.value = value.done;
    bar.setAttribute("aria-label", text);
    span.append(bar, " ");
  }
  span.append(text);
  return span;
}

async function showOverview(signal) {
  const view = await get("v1/overview", signal);
  if (signal.aborted) return;
  $("workers").textContent =
    `${view.workers.alive} workers, ${view.workers.busy} of ${view.workers.slots} slots busy`;
  $("labs").replaceChildren(...view.labs.map((lab) => row([
    lab.lab, number(lab.queued_jobs), number(lab.running_jobs), number(lab.ready_tasks), number(lab.running_tasks)])));
  $("tasks").replaceChildren(...view.tasks.map((task) => row([
    number(task.task), number(task.job), task.lab, task.kind, task.worker,
    number(duration(view.at - task.started_at)), progress(task.progress), task.name])));
}

function jobRow(job) {
  // A button, so that a keyboard reaches it too; clicks on it arrive at its row.
  const name = document.createElement("button");
  name.textContent = job.id;
  name.dataset.job = job.id;
  name.setAttribute("aria-label", `Show job ${job.id}`);
  return row(
    [name, job.spec.kind, { text: job.paused_at ? `${job.state}, paused` : job.state, class: job.state },
      progress(job.progress), clock(job.created_at), job.user, job.spec.name],
    { onClick: () => choose(job.id), classes: job.id === chosen ? "chosen" : "" });
}

async function showJobs(signal) {
  const page = await get(`v1/jobs?limit=${wanted}`, signal);
  if (signal.aborted) return;
  const focused = document.activeElement?.dataset?.job;
  $("jobs").replaceChildren(...page.jobs.map(jobRow));
  if (focused) $("jobs").querySelector(`button[data-job="${focused}"]`)?.focus();
  $("older").hidden = !page.next || wanted >= MOST_JOBS;
}

function curve(name) {
  const all = steps.map((step) => [step.step, step.metrics[name]]).filter(([, y]) => Number.isFinite(y));
  if (all.length < 2) return null;
  const stride = Math.ceil(all.length / MOST_POINTS);
  const points = all.filter((_, index) => (all.length - 1 - index) % stride === 0);
  const [x0, x1] = [all[0][0], all.at(-1)[0]];
  const [y0, y1] = all.reduce(([low, high], [, y]) => [Math.min(low, y), Math.max(high, y)], [Infinity, -Infinity]);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  const frame = document.createElementNS(svg.namespaceURI, "rect");
  frame.setAttribute("width", "100"); frame.setAttribute("height", "100");
  const line = document.createElementNS(svg.namespaceURI, "polyline");
  line.setAttribute("points", points.map(([x, y]) =>
    `${(x - x0) / (x1 - x0) * 100},${96 - (y1 > y0 ? (y - y0) / (y1 - y0) : 0.5) * 92}`).join(" "));
  svg.append(frame, line);
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = `${name}: ${all.at(-1)[1].toPrecision(4)}  (${y0.toPrecision(3)} … ${y1.toPrecision(3)})`;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", caption.textContent);
  figure.append(caption, svg);
  return figure;
}

/// The chosen job as it is now. Called by `refresh` alone, so no two of it add the same steps.
async function showJob() {
  if (chosen === null) return;
  const id = chosen, mine = watching.signal;
  try {
    const job = await get(`v1/jobs/${id}/wait?seconds=0`, mine);
    const more = job.spec.kind === "train"
      ? await get(`v1/jobs/${id}/steps?after=${steps.at(-1)?.step ?? 0}`, mine) : [];
    if (mine.aborted) return;
    $("job-title").textContent = `Job ${id}: ${job.spec.name} (${job.state})`;
    $("job-failure").textContent = job.failure?.message ?? "";
    if (more.length === 0) return;
    steps = steps.concat(more);
    $("curves").replaceChildren(...METRICS.map(curve).filter(Boolean));
  } catch (error) { if (!mine.aborted) throw error; }
}

function choose(id) {
  forgetJob();
  chosen = id;
  watching = new AbortController();
  const mine = AbortSignal.any([watching.signal, session.signal]);
  $("job").hidden = false;
  $("job-title").textContent = `Job ${id}`;
  let last = 0;
  keepFollowing(() => `v1/jobs/${id}/logs/stream?after=${last}`, mine, (name, data, at) => {
    if (name !== "line") return;
    last = Number(at);
    const log = $("log"), atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    log.append(JSON.parse(data).text + "\n");
    while (log.childNodes.length > MOST_LINES) log.firstChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  refresh();
}

function forgetJob() {
  watching?.abort();
  chosen = null;
  steps = [];
  $("job").hidden = true;
  for (const id of ["job-title", "job-failure", "curves", "log"]) $(id).replaceChildren();
}

/// Shows everything again, at most twice a second however much happens, and never twice at the same time.
let isDue = false, isUnderWay = false;
async function refresh() {
  if (isDue) return;
  isDue = true;
  do await pause(500); while (isUnderWay);
  isDue = false;
  const mine = session?.signal;
  if (!mine || mine.aborted) return;
  isUnderWay = true;
  try {
    await Promise.all([showOverview(mine), showJobs(mine), showJob()]);
    if (!mine.aborted) $("state").textContent = "";
  } catch (error) {
    if (!mine.aborted) $("state").textContent = reason(error);
  } finally {
    isUnderWay = false;
  }
}

function watchEvents(signal) {
  let floor = null;         // where a stream that is taken up again begins
  const seen = new Set();   // it may bring an event again
  keepFollowing(() => "v1/events/stream" + (floor === null ? "" : `?after=${floor}`), signal, (name, data, id) => {
    refresh();
    if (id !== undefined) floor = id;
    if (name === "ready") for (const known of JSON.parse(data)) seen.add(known);
    if (name !== "event") return;
    const event = JSON.parse(data);
    if (seen.has(event.id)) return;
    seen.add(event.id);
    if (seen.size > 100 * MOST_EVENTS) for (const known of seen) { if (known <= Number(floor)) seen.delete(known); }
    const item = document.createElement("li");
    item.textContent = `${clock(event.at)}  job ${event.job}  ${event.kind}  ${event.message}`;
    $("events").prepend(item);
    while ($("events").children.length > MOST_EVENTS) $("events").lastChild.remove();
  });
}

/// Nothing of what a token has shown stays for whoever comes next.
function leave(words) {
  sessionStorage.removeItem("token");
  session?.abort();
  session = null;
  forgetJob();
  wanted = PAGE;
  for (const id of ["who", "workers", "labs", "tasks", "jobs", "events"]) $(id).replaceChildren();
  $("main").hidden = $("leave").hidden = true;
  $("enter").hidden = false;
  $("state").textContent = words;
}

/// Looks with the token that is kept, as soon as a coordinator answers.
async function enter() {
  session?.abort();
  const mine = session = new AbortController();
  $("enter").hidden = true;
  $("leave").hidden = false;
  while (!mine.signal.aborted) {
    try {
      const me = await get("v1/me", mine.signal);
      $("who").textContent = `${me.user_name}, ${me.role} of ${me.lab_name}`;
      $("state").textContent = "";
      $("main").hidden = false;
      refresh();
      watchEvents(mine.signal);
      return;
    } catch (error) {
      if (mine.signal.aborted) return;
      $("state").textContent = reason(error);
      await pause(2000);
    }
  }
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  $("token").value = "";
  // What cannot stand in a header is none, and no request with it would leave the browser.
  if (!/^[!-~]+$/.test(token)) return leave("That is no token.");
  sessionStorage.setItem("token", token);
  enter();
});
$("leave").addEventListener("click", () => leave(""));
$("older").addEventListener("click", () => { wanted += PAGE; refresh(); });
setInterval(() => { if (!document.hidden) refresh(); }, 5000);
if (sessionStorage.getItem("token")) enter(); else leave("");
