// Completes the filter in a search box while it is typed, with the keyboard or the pointer. Without this script the box is a plain field.

const WAIT = 120;

function attach(input) {
  const list = document.getElementById(`${input.id}-options`);
  let found = [];
  let active = -1;
  let cursor = 0;
  let timer = 0;
  let asked = null;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");

  function close() {
    clearTimeout(timer);
    asked?.abort();
    found = [];
    choose(-1);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }

  function choose(index) {
    active = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) {
      input.removeAttribute("aria-activedescendant");
    } else {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  }

  function optionOf(suggestion, index) {
    const option = document.createElement("li");
    option.id = `${list.id}-${index}`;
    option.setAttribute("role", "option");
    const text = document.createElement("code");
    text.textContent = suggestion.text;
    const summary = document.createElement("span");
    summary.className = "sub";
    summary.textContent = suggestion.summary;
    option.append(text, " ", summary);
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      accept(suggestion);
    });
    return option;
  }

  function accept(suggestion) {
    const rest = input.value.slice(cursor);
    const isWhole = suggestion.kind === "value" || suggestion.kind === "keyword";
    const text = input.value.slice(0, suggestion.start) + suggestion.text + (isWhole && !rest.startsWith(" ") ? " " : "");
    input.value = text + rest;
    input.setSelectionRange(text.length, text.length);
    close();
    ask();
  }

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    cursor = input.selectionStart ?? input.value.length;
    const query = new URLSearchParams({ filter: input.value, cursor });
    try {
      const answer = await fetch(`${input.dataset.complete}?${query}`, { credentials: "same-origin", signal: asked.signal });
      const suggestions = answer.ok ? await answer.json() : [];
      if (document.activeElement !== input) {
        return;
      }
      found = suggestions;
      list.replaceChildren(...suggestions.map(optionOf));
      choose(-1);
      list.hidden = suggestions.length === 0;
      input.setAttribute("aria-expanded", String(suggestions.length > 0));
    } catch {
      // The next key asks again.
    }
  }

  function askSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), WAIT);
  }

  input.addEventListener("input", askSoon);
  input.addEventListener("click", askSoon);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length === 0) {
        void ask();
      } else {
        const step = event.key === "ArrowDown" ? 1 : -1;
        choose(active < 0 && step < 0 ? found.length - 1 : (active + step + found.length) % found.length);
      }
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      accept(found[active]);
    } else if (event.key === "Escape" && found.length > 0) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      askSoon();
    }
  });
}

document.querySelectorAll("input[data-complete]").forEach(attach);
