// Everything on the pages works without this script. It shows times in the reader's zone, keeps pages up to date while they are looked at,
// and leads to another node when this one stops answering.

const LEAST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
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

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";
}

function isSame(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);
}

function isEdited(element) {
  return element === document.activeElement
    || (element.matches("input, textarea") && element.value !== element.defaultValue)
    || (element.matches("select") && [...element.options].some((option) => option.selected !== option.defaultSelected));
}

function isSelected(node) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && selection.containsNode(node, true);
}

function patchAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!KEPT.has(name) && !fresh.hasAttribute(name)) {
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
  if (old.matches("input, textarea, select") && isEdited(old)) {
    return;
  }
  patchAttributes(old, fresh);
  patchChildren(old, fresh);
}

function patchChildren(old, fresh) {
  const keyed = new Map();
  for (const child of old.childNodes) {
    if (keyOf(child)) {
      keyed.set(keyOf(child), child);
    }
  }
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const found = keyOf(wanted) ? keyed.get(keyOf(wanted)) : place;
    if (found && isSame(found, wanted)) {
      if (found === place) {
        place = place.nextSibling;
      } else {
        old.insertBefore(found, place);
      }
      patch(found, wanted);
    } else {
      old.insertBefore(wanted, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

// ---- Staying up to date ------------------------------------------------------------------------------------------------------------

const panel = document.querySelector("[data-live]");
const label = panel?.querySelector("[data-live-text]");
const pauseButton = panel?.querySelector("button");
const state = {
  paused: false, source: null, loading: false, wanted: false, lastLoad: 0, timer: 0, retry: 0, retryPause: LEAST_PAUSE, lost: false,
};

function show(name, text) {
  panel.dataset.live = name;
  if (label.textContent !== text) {
    label.textContent = text;
  }
}

async function refresh() {
  clearTimeout(state.timer);
  if (state.loading) {
    state.wanted = true;
    return;
  }
  state.loading = true;
  state.wanted = false;
  try {
    const answer = await fetch(location.href, {
      headers: { Accept: "text/html" }, credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(30000),
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      location.reload();
      return;
    }
    if (!answer.ok || state.paused) {
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("content");
    if (fresh) {
      showTimes(fresh);
      patch(document.getElementById("content"), fresh);
      body.dataset.nodes = page.body.dataset.nodes ?? "";
      document.title = page.title;
    }
  } catch {
    // The stream notices it as well, and looks for a node.
  } finally {
    state.loading = false;
    state.lastLoad = performance.now();
    if (state.wanted) {
      schedule();
    }
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
}

function connect() {
  disconnect();
  const source = new EventSource("/live");
  state.source = source;
  source.addEventListener("open", () => {
    show("live", "Live");
    state.retryPause = LEAST_PAUSE;
    if (state.lost) {
      state.lost = false;
      schedule();
    }
  });
  source.addEventListener("change", schedule);
  source.addEventListener("error", () => {
    if (state.source === source) {
      disconnect();
      state.lost = true;
      show("lost", "Reconnecting");
      state.retry = setTimeout(() => void findNode(), state.retryPause);
      state.retryPause = Math.min(state.retryPause * 2, LONGEST_PAUSE);
    }
  });
}

async function answers(url, mode) {
  try {
    const answer = await fetch(url, { mode, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(2000) });
    return mode === "no-cors" || answer.ok;
  } catch {
    return false;
  }
}

// The pause before it grows until a stream opens: a node that is ready can still refuse the stream, because the session has ended. The
// page then leads to the login.
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
      location.assign(node + location.pathname + location.search);
      return;
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
    state.lost = true;
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
      state.lost = true;
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
  document.cookie = `morag-theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
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
