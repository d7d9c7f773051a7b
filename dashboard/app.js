// The dashboard: reads the same API as the command line, with the viewer's own token.
// Whatever comes from the API is written as text, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);
const METRICS = ["reward/mean", "kl", "entropy", "completion/length_mean", "gradient_norm", "loss"];
let chosen = null;       // the job whose curves and log are shown
let watching = null;     // ends the streams of the chosen job
let oldest = null;       // cursor of the list of jobs

class Refused extends Error {}

async function call(path, signal) {
  const answer = await fetch(path, { headers: { Authorization: "Bearer " + sessionStorage.getItem("token") }, signal });
  if (answer.status === 401) { leave("The token does not work."); throw new Refused("401"); }
  if (!answer.ok) throw new Error((await answer.json()).error.message);
  return answer;
}
const get = async (path, signal) => (await call(path, signal)).json();

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

const pause = (ms) => new Promise((go) => setTimeout(go, ms));
const clock = (seconds) => new Date(seconds * 1000).toLocaleString();
function duration(seconds) {
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
  if (value.total) {
    const bar = document.createElement("progress");
    bar.max = value.total; bar.value = value.done;
    span.append(bar, " ");
  }
  span.append(`${Math.round(value.done)}${value.total ? "/" + Math.round(value.total) : ""} ${value.unit}`);
  return span;
}

async function showOverview() {
  const view = await get("v1/overview");
  $("workers").textContent =
    `${view.workers.alive} workers, ${view.workers.busy} of ${view.workers.slots} slots busy`;
  $("labs").replaceChildren(...view.labs.map((lab) => row([
    lab.lab, number(lab.queued_jobs), number(lab.running_jobs), number(lab.ready_tasks), number(lab.running_tasks)])));
  $("tasks").replaceChildren(...view.tasks.map((task) => row([
    number(task.task), number(task.job), task.lab, task.kind, task.worker,
    number(duration(view.at - task.started_at)), progress(task.progress), task.name])));
}

const jobRow = (job) => row(
  [number(job.id), job.spec.kind, { text: job.paused_at ? `${job.state}, paused` : job.state, class: job.state }, progress(job.progress),
    clock(job.created_at), job.user, job.spec.name],
  { onClick: () => choose(job.id), classes: job.id === chosen ? "chosen" : "" });

async function showJobs() {
  const page = await get("v1/jobs?limit=30");
  $("jobs").replaceChildren(...page.jobs.map(jobRow));
  oldest = page.next ?? null;
  $("older").hidden = oldest === null;
}

async function showOlder() {
  const page = await get(`v1/jobs?limit=30&before=${oldest}`);
  $("jobs").append(...page.jobs.map(jobRow));
  oldest = page.next ?? null;
  $("older").hidden = oldest === null;
}

function curve(name, steps) {
  const points = steps.map((step) => [step.step, step.metrics[name]]).filter(([, y]) => Number.isFinite(y));
  if (points.length < 2) return null;
  const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)], [y0, y1] = [Math.min(...ys), Math.max(...ys)];
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
  caption.textContent = `${name}: ${ys.at(-1).toPrecision(4)}  (${y0.toPrecision(3)} … ${y1.toPrecision(3)})`;
  figure.append(caption, svg);
  return figure;
}

async function choose(id) {
  watching?.abort();
  const mine = watching = new AbortController();
  chosen = id;
  let steps = [];
  $("job").hidden = false;
  $("log").textContent = "";
  $("curves").replaceChildren();
  const addSteps = async (job) => {
    if (job.spec.kind !== "train") return;
    steps = steps.concat(await get(`v1/jobs/${id}/steps?after=${steps.at(-1)?.step ?? 0}`, mine.signal));
    if (!mine.signal.aborted) $("curves").replaceChildren(...METRICS.map((m) => curve(m, steps)).filter(Boolean));
  };
  const watch = async (path, onEvent) => {
    for (let ended = false; !ended && !mine.signal.aborted; await pause(1000)) {
      try {
        await follow(path(), mine.signal, (name, data, at) => { ended ||= name === "end"; onEvent(name, data, at); });
      } catch (error) { if (error instanceof Refused || mine.signal.aborted) return; }
    }
  };
  watch(() => `v1/jobs/${id}/stream`, (name, data) => {
    if (name !== "job") return;
    const job = JSON.parse(data);
    $("job-title").textContent = `Job ${id}: ${job.spec.name} (${job.state})`;
    $("job-failure").textContent = job.failure?.message ?? "";
    addSteps(job).catch(() => {});
  });
  let last = 0;
  watch(() => `v1/jobs/${id}/logs/stream?after=${last}`, (name, data, at) => {
    if (name !== "line") return;
    last = Number(at);
    const log = $("log"), atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    log.append(JSON.parse(data).text + "\n");
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  showJobs().catch(() => {});
}

/// Shows everything again, at most twice a second however much happens.
let isDue = false;
async function refresh() {
  if (isDue) return;
  isDue = true;
  await pause(500);
  isDue = false;
  try { await Promise.all([showOverview(), showJobs()]); $("state").textContent = ""; }
  catch (error) { if (!(error instanceof Refused)) $("state").textContent = "the coordinator does not answer"; }
}

async function watchEvents() {
  while (sessionStorage.getItem("token")) {
    try {
      await follow("v1/events/stream", undefined, (name, data) => {
        refresh();
        if (name !== "event") return;
        const event = JSON.parse(data), item = document.createElement("li");
        item.textContent = `${clock(event.at)}  job ${event.job}  ${event.kind}  ${event.message}`;
        $("events").prepend(item);
        while ($("events").children.length > 200) $("events").lastChild.remove();
      });
    } catch (error) { if (error instanceof Refused) return; }
    await pause(2000);
  }
}

function leave(reason) {
  sessionStorage.removeItem("token");
  watching?.abort();
  $("main").hidden = $("leave").hidden = true;
  $("enter").hidden = false;
  $("who").textContent = "";
  $("state").textContent = reason;
}

async function enter() {
  const me = await get("v1/me");
  $("who").textContent = `${me.user_name}, ${me.role} of ${me.lab_name}`;
  $("enter").hidden = true;
  $("main").hidden = $("leave").hidden = false;
  refresh();
  watchEvents();
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  $("token").value = "";
  enter().catch((error) => { if (!(error instanceof Refused)) $("state").textContent = error.message; });
});
$("leave").addEventListener("click", () => leave(""));
$("older").addEventListener("click", () => showOlder().catch(() => {}));
setInterval(() => { if (!$("main").hidden && !document.hidden) refresh(); }, 5000);
if (sessionStorage.getItem("token")) enter().catch(() => {}); else leave("");
