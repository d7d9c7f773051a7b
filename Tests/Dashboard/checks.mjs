// What people see of the dashboard. Run by DashboardPageTests; ends with 1 where something is not so.
import assert from "node:assert/strict";
import { Page, job } from "./browser.mjs";

/// Waits for a condition, not for a time.
async function until(what, holds) {
  const end = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > end) assert.fail(`it did not come to this: ${what}`);
    await new Promise((go) => setTimeout(go, 2));
  }
}
/// Returns once everything has been asked for anew.
async function refreshed(page) {
  const seen = page.requests.length;
  await until("a refresh", () =>
    ["v1/overview", "v1/jobs?"].every((path) =>
      page.requests.slice(seen).filter((request) => request.path.startsWith(path)).length > 1));
}
const jobs = (count) => Array.from({ length: count }, (_, index) => job(count - index));

const checks = {
  async "names from the API become text, and a lab without jobs an empty list"() {
    const page = new Page({ token: "t" });
    await until("the page is there", () => !page.$("main").hidden);
    await refreshed(page);
    assert.equal(page.$("jobs").children.length, 0);
    assert.equal(page.$("older").hidden, true);
    const nasty = "<img src=x onerror=alert(1)>";
    page.jobs = [job(1, { spec: { kind: "eval", name: nasty }, user: nasty })];
    page.overview.labs = [{ lab: nasty, queued_jobs: 1, running_jobs: 0, ready_tasks: 0, running_tasks: 0 }];
    await until("it is shown", () => page.$("jobs").textContent.includes(nasty) && page.$("labs").textContent.includes(nasty));
    page.open("events")[0].send("event", { id: 1, at: 1, job: 1, kind: "job-failed", message: nasty }, 0);
    await until("the event is shown", () => page.$("events").textContent.includes(nasty));
    page.$("jobs").children[0].click();
    await until("the log streams", () => page.open("logs").length === 1);
    page.open("logs")[0].send("line", { text: nasty }, 1);
    await until("the line is shown", () => page.$("log").textContent.includes(nasty) && page.$("job-title").textContent.includes(nasty));
    for (const id of ["jobs", "labs", "events", "log", "job-title"]) assert.deepEqual(page.$(id).find("img"), []);
  },

  async "older jobs stay in the list, also when it is shown anew"() {
    const page = new Page({ token: "t" });
    page.jobs = jobs(70);
    await until("the first page", () => page.$("jobs").children.length === 30);
    page.$("older").click();
    await until("the second page", () => page.$("jobs").children.length === 60);
    await refreshed(page);
    assert.equal(page.$("jobs").children.length, 60);
    page.$("older").click();
    await until("all", () => page.$("jobs").children.length === 70);
    assert.equal(page.$("older").hidden, true);
  },

  async "a job is chosen with the keyboard, and the focus stays on it when the list is shown anew"() {
    const page = new Page({ token: "t" });
    page.jobs = jobs(3);
    await until("the jobs", () => page.$("jobs").find("button").length === 3);
    const button = page.$("jobs").find("button")[1];
    button.focus();
    button.click();
    await until("the job", () => page.$("job-title").textContent === "Job 2: job 2 (running)");
    await refreshed(page);
    assert.equal(page.document.activeElement?.dataset.job, 2);
    assert.notEqual(page.document.activeElement, button);
    assert.equal(page.open("logs").length, 1);
  },

  async "nothing that a token has shown stays when it is forgotten, and the next one gets every event once"() {
    const page = new Page({ token: "first" });
    page.jobs = jobs(40);
    await until("the jobs", () => page.$("jobs").children.length === 30);
    page.$("older").click();
    page.$("jobs").children[0].click();
    await until("the streams", () => page.open("events").length === 1 && page.open("logs").length === 1);
    page.open("logs")[0].send("line", { text: "a secret" }, 1);
    page.open("events")[0].send("event", { id: 1, at: 1, job: 1, kind: "job-failed", message: "another" }, 0);
    await until("both are shown", () => page.$("log").textContent && page.$("events").textContent);
    page.$("leave").click();
    await until("the streams are given up", () => !page.open("events").length && !page.open("logs").length);
    for (const id of ["jobs", "events", "log", "labs", "tasks", "who", "job-title"]) {
      assert.equal(page.$(id).textContent, "", id);
    }
    assert.equal(page.$("main").hidden && page.$("job").hidden && !page.$("enter").hidden, true);
    page.jobs = [];
    page.enter(" second \n");
    await until("the new stream", () => page.open("events").length === 1);
    page.open("events")[0].send("event", { id: 2, at: 1, job: 1, kind: "job-failed", message: "new" }, 1);
    await until("the event", () => page.$("events").children.length === 1);
    await refreshed(page);
    assert.equal(page.streams.events.filter((stream) => stream.token === "second").length, 1);
    assert.equal(page.$("events").children.length, 1);
    assert.equal(page.requests.at(-1).token, "second");
  },

  async "a page that opens while the coordinator is away says so and shows itself when it is back"() {
    let isAway = true;
    const page = new Page({ token: "t", instead: () => (isAway ? new TypeError("failed to fetch") : undefined) });
    await until("it is said", () => page.$("state").textContent === "the coordinator does not answer");
    isAway = false;
    await until("the page", () => !page.$("main").hidden);
    await until("nothing more is said", () => page.$("state").textContent === "");
  },

  async "a refusal is told in the coordinator's words, and one of a proxy as what it is"() {
    let refusal = () => Response.json({ error: { code: "forbidden", message: "not with this token" } }, { status: 403 });
    const page = new Page({ token: "t", instead: (path) => (path === "v1/overview" ? refusal() : undefined) });
    await until("the words", () => page.$("state").textContent === "not with this token");
    refusal = () => new Response("<h1>Bad gateway</h1>", { status: 502 });
    await until("the status", () => page.$("state").textContent.includes("502"));
  },

  async "a token that ends in the middle brings back the question for one, and what is none is never sent"() {
    let works = true;
    const page = new Page({ token: "t", instead: () => (works ? undefined : Response.json({}, { status: 401 })) });
    await until("the stream", () => page.open("events").length === 1);
    works = false;
    page.open("events")[0].end();
    await until("the question", () => !page.$("enter").hidden && page.$("main").hidden);
    assert.equal(page.$("state").textContent, "The token does not work.");
    assert.equal(page.store.has("token"), false);
    page.enter("ar1_…");
    assert.equal(page.$("state").textContent, "That is no token.");
    assert.equal(page.store.has("token"), false);
  },

  async "streams that break go on where they were, and nothing comes twice"() {
    const page = new Page({ token: "t" });
    page.jobs = jobs(1);
    await until("the job", () => page.$("jobs").children.length === 1);
    page.$("jobs").children[0].click();
    await until("the streams", () => page.open("events").length === 1 && page.open("logs").length === 1);
    const [events, log] = [page.open("events")[0], page.open("logs")[0]];
    events.send("ready", [3, 4], 2);
    events.send("event", { id: 5, at: 1, job: 1, kind: "a", message: "" }, 2);
    log.send("line", { text: "one" }, 7);
    await until("both are shown", () => page.$("events").children.length === 1 && page.$("log").textContent);
    events.end();
    log.end();
    await until("both are taken up", () => page.open("events").length === 1 && page.open("logs").length === 1);
    assert.equal(page.open("events")[0].path, "v1/events/stream?after=2");
    assert.equal(page.open("logs")[0].path, "v1/jobs/1/logs/stream?after=7");
    for (const id of [4, 5, 6]) page.open("events")[0].send("event", { id, at: 1, job: 1, kind: "a", message: "" }, 3);
    await until("the new one is shown", () => page.$("events").children.length === 2);
    // The end of a job's log is the end of its stream.
    page.open("logs")[0].send("end", "succeeded");
    page.open("logs")[0].end();
    await refreshed(page);
    assert.equal(page.streams.logs.length, 2);
  },

  async "a tab that nobody sees holds no stream"() {
    const page = new Page({ token: "t" });
    await until("the stream", () => page.open("events").length === 1);
    page.turn(true);
    await until("it is given up", () => page.open("events").length === 0);
    page.turn(false);
    await until("it is taken up", () => page.open("events").length === 1);
  },

  async "every step stands in the curves once, and a long training is drawn with fewer points"() {
    const page = new Page({ token: "t" });
    page.jobs = jobs(1);
    page.steps = [1, 2].map((step) => ({ step, metrics: { loss: step } }));
    await until("the job", () => page.$("jobs").children.length === 1);
    page.$("jobs").children[0].click();
    const points = () => page.$("curves").find("polyline")[0]?.attributes.points.split(" ").length;
    await until("the curve", () => points() === 2);
    page.steps.push({ step: 3, metrics: { loss: 3 } });
    await until("one step more", () => points() === 3);
    await refreshed(page);
    assert.equal(points(), 3);
    page.steps = Array.from({ length: 150_000 }, (_, index) => ({ step: index + 1, metrics: { loss: index } }));
    await until("all of it", () => page.$("curves").textContent.includes("1.500e+5"));
    assert.ok(points() <= 1_000);
  },

  async "the end of a long log is shown"() {
    const page = new Page({ token: "t" });
    page.jobs = jobs(1);
    await until("the job", () => page.$("jobs").children.length === 1);
    page.$("jobs").children[0].click();
    await until("the stream", () => page.open("logs").length === 1);
    for (let line = 1; line <= 5_100; line++) page.open("logs")[0].send("line", { text: `line ${line}` }, line);
    await until("the last line", () => page.$("log").textContent.endsWith("line 5100\n"));
    assert.equal(page.$("log").childNodes.length, 5_000);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
  } catch (error) {
    failed++;
    console.error(`${name}: ${error.stack}`);
  }
}
console.log(`${Object.keys(checks).length - failed} of ${Object.keys(checks).length} hold`);
process.exit(failed ? 1 : 0);
