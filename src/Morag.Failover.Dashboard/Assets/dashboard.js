// Everything on the pages works without this script. It shows times in the reader's zone, keeps pages up to date while they are looked at,
// and leads to another node when this one stops answering.

const LEAST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
// After a page could not be loaded.
const FAILED_PAUSE = 5000;
// The node says something every ten seconds or so.
const LONGEST_SILENCE = 30000;
const body = document.body;

// ---- Times -------------------------------------------------------------------------------------------------------------------------

const sameDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const otherDay = new Intl.DateTimeFormat(undefined, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

function span(seconds) {
  const at = units.findIndex(([, size]) => seconds >= size);
  if (at < 0) {
    return "0 s";
  }
  const [unit, size] = units[at];
  const rest = units[at + 1] && Math.floor((seconds % size) / units[at + 1][1]);
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${units[at + 1][0]}` : ""}`;
}

function showTimes(root) {
  const now = Date.now();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) {
      continue;
    }
    if (time.dataset.show === "age") {
      const seconds = (now - at.getTime()) / 1000;
      time.textContent = seconds >= 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
    } else {
      time.textContent = (at.toDateString() === new Date(now).toDateString() ? sameDay : otherDay).format(at);
    }
  }
}

// ---- Replacing what changed --------------------------------------------------------------------------------------------------------

// What the reader has changed on the page belongs to the reader.
const KEPT = new Set(["open"]);
const MOST_COMPARED = 1000000;
const FIELDS = "input:not([type=hidden]), textarea, select";

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";
}

// Two nodes with the same identity are the same thing at two times. Without a key, its class and its label tell it from its neighbours.
function identityOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    return node.nodeName;
  }
  const key = keyOf(node);
  return key ? `${node.nodeName}#${key}`
    : `${node.nodeName}.${node.getAttribute("class") ?? ""} ${node.getAttribute("aria-labelledby") ?? ""}`;
}

function isChanged(field) {
  if (field.matches("select")) {
    return [...field.options].some((option) => option.selected !== option.defaultSelected)
      && !(field.selectedIndex === 0 && ![...field.options].some((option) => option.defaultSelected));
  }
  return field.matches("[type=checkbox], [type=radio]")
    ? field.checked !== field.defaultChecked
    : field.value !== field.defaultValue;
}

function isEdited(field) {
  return field === document.activeElement || isChanged(field);
}

// Whether a part of the page holds something that the reader has entered and not sent.
function holdsEdits(node) {
  return node.nodeType === Node.ELEMENT_NODE
    && [...(node.matches(FIELDS) ? [node] : []), ...node.querySelectorAll(FIELDS)].some(isEdited);
}

function isSelected(node) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && selection.containsNode(node, true);
}

// What search.js says about its box to assistive technology is not in the page of the node.
function isOfScript(element, name) {
  return element.dataset.complete !== undefined && (name === "role" || name.startsWith("aria-"));
}

function patchAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!KEPT.has(name) && !fresh.hasAttribute(name) && !isOfScript(old, name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (!KEPT.has(name) && old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
}

function patch(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue && !isSelected(old)) {
      old.nodeValue = fresh.nodeValue;
    }
    return;
  }
  // A list of suggestions belongs to its script.
  if (old.dataset.own !== undefined || (old.matches(FIELDS) && isEdited(old))) {
    return;
  }
  patchAttributes(old, fresh);
  patchChildren(old, fresh);
}

// Which old node stays in its place for which fresh one: the longest common subsequence, in which what the reader is writing counts most.
function align(olds, news) {
  const pairs = new Map();
  const before = olds.map(identityOf);
  const after = news.map(identityOf);
  let start = 0;
  while (start < olds.length && start < news.length && before[start] === after[start]) {
    pairs.set(news[start], olds[start]);
    start++;
  }
  let [n, m] = [olds.length, news.length];
  while (n > start && m > start && before[n - 1] === after[m - 1]) {
    pairs.set(news[--m], olds[--n]);
  }
  const [rows, columns] = [n - start, m - start];
  if (rows === 0 || columns === 0 || rows * columns > MOST_COMPARED) {
    return pairs;
  }
  const weight = olds.slice(start, n).map((node) => (node.nodeType !== Node.ELEMENT_NODE ? 1 : holdsEdits(node) ? 1000 : 4));
  const best = Array.from({ length: rows + 1 }, () => new Int32Array(columns + 1));
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const both = before[start + i] === after[start + j] ? best[i + 1][j + 1] + weight[i] : 0;
      best[i][j] = Math.max(both, best[i + 1][j], best[i][j + 1]);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns;) {
    if (best[i][j] === best[i + 1][j]) {
      i++;
    } else if (best[i][j] === best[i][j + 1]) {
      j++;
    } else {
      pairs.set(news[start + j++], olds[start + i++]);
    }
  }
  return pairs;
}

function patchChildren(old, fresh) {
  const olds = [...old.childNodes];
  const news = [...fresh.childNodes];
  const pairs = align(olds, news);
  const free = new Map();
  const kept = new Set(pairs.values());
  for (const child of olds) {
    if (!kept.has(child) && keyOf(child)) {
      free.set(identityOf(child), child);
    }
  }
  let place = old.firstChild;
  for (const wanted of news) {
    const stays = pairs.get(wanted);
    const moves = stays ? null : free.get(identityOf(wanted));
    if (stays) {
      place = stays.nextSibling;
    } else {
      place = moves && moves === place ? place.nextSibling : place;
      old.insertBefore(moves ?? wanted, place);
    }
    if (moves) {
      kept.add(moves);
    }
    if (stays || moves) {
      patch(stays ?? moves, wanted);
    }
  }
  for (const child of olds) {
    // What the reader is writing stays, even if the page no longer has a place for it.
    if (!kept.has(child) && !holdsEdits(child)) {
      child.remove();
    }
  }
}

// Moving an element takes the focus from it, and so does removing it.
function patchContent(content, fresh) {
  const focused = content.contains(document.activeElement) ? document.activeElement : null;
  const range = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  const around = [];
  for (let node = focused?.parentElement; node; node = node.parentElement) {
    around.push(node);
  }
  patch(content, fresh);
  if (!focused || document.activeElement === focused) {
    return;
  }
  const target = focused.isConnected ? focused : around.find((node) => node.isConnected && node.hasAttribute("tabindex"));
  target?.focus({ preventScroll: true });
  if (target === focused && range && range[0] !== null) {
    focused.setSelectionRange(...range);
  }
}

// ---- Staying up to date ------------------------------------------------------------------------------------------------------------

const panel = document.querySelector("[data-live]");
const label = panel?.querySelector("[data-live-text]");
const pauseButton = panel?.querySelector("button");
const state = {
  paused: false, source: null, loading: false, wanted: false, lastLoad: 0, timer: 0, retry: 0, retryPause: LEAST_PAUSE, silence: 0,
};

function show(name, text) {
  panel.dataset.live = name;
  if (label.textContent !== text) {
    label.textContent = text;
  }
}

// Goes to another page, unless that would lose what the reader has entered here.
function leave(go) {
  if (holdsEdits(document.getElementById("content"))) {
    show("lost", "Not connected. Your text is kept");
    return false;
  }
  go();
  return true;
}

async function refresh() {
  clearTimeout(state.timer);
  if (state.loading) {
    state.wanted = true;
    return;
  }
  state.loading = true;
  state.wanted = false;
  let isFresh = false;
  try {
    const answer = await fetch(location.href, {
      headers: { Accept: "text/html" }, credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(15000),
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      leave(() => location.reload());
      return;
    }
    if (answer.ok && !state.paused) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("content");
      if (fresh) {
        showTimes(fresh);
        patchContent(document.getElementById("content"), fresh);
        body.dataset.nodes = page.body.dataset.nodes ?? "";
        document.title = page.title;
        isFresh = true;
      }
    }
  } catch {
    // The page stays as it is, and says so.
  } finally {
    state.loading = false;
    state.lastLoad = performance.now();
    report(isFresh);
  }
}

// "Live" is said only of a page that has just been loaded, over a stream that tells when to load it again.
function report(isFresh) {
  if (state.paused || !state.source) {
    return;
  }
  if (isFresh && state.source.readyState === EventSource.OPEN) {
    show("live", "Live");
    if (state.wanted) {
      schedule();
    }
  } else {
    show("lost", "Not up to date");
    state.timer = setTimeout(refresh, FAILED_PAUSE);
  }
}

function schedule() {
  clearTimeout(state.timer);
  state.timer = setTimeout(refresh, Math.max(0, LEAST_PAUSE - (performance.now() - state.lastLoad)));
}

function disconnect() {
  state.source?.close();
  state.source = null;
  clearTimeout(state.timer);
  clearTimeout(state.retry);
  clearTimeout(state.silence);
}

function lose(source) {
  if (state.source === source) {
    disconnect();
    show("lost", "Reconnecting");
    state.retry = setTimeout(() => void findNode(), state.retryPause);
    state.retryPause = Math.min(state.retryPause * 2, LONGEST_PAUSE);
  }
}

function connect() {
  disconnect();
  const source = new EventSource("/live");
  state.source = source;
  const hear = () => {
    clearTimeout(state.silence);
    state.silence = setTimeout(() => lose(source), LONGEST_SILENCE);
  };
  hear();
  source.addEventListener("open", () => {
    state.retryPause = LEAST_PAUSE;
    hear();
    // Whatever happened before the stream was open was not told.
    schedule();
  });
  source.addEventListener("change", () => {
    hear();
    schedule();
  });
  source.addEventListener("beat", hear);
  source.addEventListener("error", () => lose(source));
}

async function answers(url, mode) {
  try {
    const answer = await fetch(url, { mode, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(2000) });
    return mode === "no-cors" || answer.ok;
  } catch {
    return false;
  }
}

// The pause before it grows until a stream opens: a node that is ready can still refuse the stream, because the session has ended. Loading
// the page again then leads to the login.
async function findNode() {
  if (state.paused || document.hidden) {
    return;
  }
  if (await answers("/health/ready", "same-origin")) {
    if (state.paused || document.hidden) {
      return;
    }
    await refresh();
    connect();
    return;
  }
  for (const node of (body.dataset.nodes ?? "").split(" ").filter(Boolean)) {
    if (await answers(`${node}/health/live`, "no-cors")) {
      if (leave(() => location.assign(node + location.pathname + location.search))) {
        return;
      }
      break;
    }
  }
  state.retry = setTimeout(() => void findNode(), state.retryPause);
  state.retryPause = Math.min(state.retryPause * 2, LONGEST_PAUSE);
}

function pause(paused) {
  state.paused = paused;
  pauseButton.textContent = paused ? "Resume" : "Pause";
  if (paused) {
    disconnect();
    show("paused", "Paused");
  } else {
    show("lost", "Connecting");
    connect();
  }
}

if (panel) {
  panel.hidden = false;
  pauseButton.addEventListener("click", () => pause(!state.paused));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      disconnect();
      show("paused", "Waiting");
    } else if (!state.paused) {
      connect();
    }
  });
  addEventListener("pagehide", disconnect);
  if (!document.hidden) {
    connect();
  }
}

// ---- Look and menus ----------------------------------------------------------------------------------------------------------------

document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `morag-theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
});

// A form in a menu closes with Escape, and gives the focus back.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement?.closest("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The first field of a form that has just been opened gets the focus.
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details[data-menu]") && event.target.open) {
    for (const other of document.querySelectorAll("details[data-menu][open]")) {
      other.open = other === event.target;
    }
    event.target.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  }
}, true);

showTimes(document);
setInterval(() => showTimes(document), 10000);
