// Steps through chapters by click and by arrow key, and plays nothing unasked for those who asked
// their system for less motion. The page works without it: then the chapters are a plain list.
(() => {
  const END_S = 0.01; // before the next chapter's first picture
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const video of document.querySelectorAll("video[data-autoplay]")) {
    if (calm) video.loop = false;
    else video.play().catch(() => {});
  }

  const figures = [...document.querySelectorAll("figure.kodisc-video")];
  const whole = figures.filter((each) => each.querySelector("video") && each.querySelector(".kodisc-chapters > li"));
  const lessons = whole.map((figure) => {
    const video = figure.querySelector("video");
    const items = [...figure.querySelectorAll(".kodisc-chapters > li")];
    const starts = items.map((item) => parseFloat(item.querySelector("time")?.title) || 0);
    const lesson = { figure, video, items, starts, until: Infinity };
    items.forEach((item, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...(item.querySelector("a") ?? item).childNodes);
      item.replaceChildren(button);
      button.addEventListener("click", () => play(lesson, at, false));
    });
    const help = document.createElement("p");
    help.className = "keys";
    help.innerHTML =
      "Keys: <kbd>→</kbd> plays the next chapter, <kbd>←</kbd> this one again or the one before; " +
      "both stop at its end. <kbd>Space</kbd> plays and stops.";
    figure.querySelector(".kodisc-chapters").after(help);
    video.addEventListener("timeupdate", () => mark(lesson));
    video.addEventListener("play", () => {
      if (video.currentTime >= lesson.until - 2 * END_S) lesson.until = Infinity; // played on
      watch(lesson);
    });
    return lesson;
  });

  function play(lesson, at, stop) {
    lesson.until = stop ? (lesson.starts[at + 1] ?? (lesson.video.duration || Infinity)) : Infinity;
    lesson.video.currentTime = lesson.starts[at];
    lesson.video.play().catch(() => {});
    mark(lesson, at);
  }

  function watch(lesson) {
    const { video, until } = lesson;
    if (video.paused) return;
    if (video.currentTime >= until - END_S) {
      video.pause();
      video.currentTime = until - END_S;
    } else requestAnimationFrame(() => watch(lesson));
  }

  const current = ({ starts, video }) => starts.findLastIndex((start) => video.currentTime >= start - 1e-3);

  function mark(lesson, at = current(lesson)) {
    lesson.items.forEach((item, each) => {
      const button = item.firstElementChild;
      if (each === at) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  /** The lesson that has the focus or plays, else the one nearest to the middle of the window. */
  function chosen() {
    const busy = lessons.find(({ figure }) => figure.contains(document.activeElement)) ??
      lessons.find(({ video }) => !video.paused);
    if (busy) return busy;
    const off = ({ video }) => {
      const { top, bottom } = video.getBoundingClientRect();
      return Math.abs((top + bottom) / 2 - innerHeight / 2);
    };
    const seen = lessons.filter(({ video }) => {
      const { top, bottom } = video.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    });
    return seen.sort((one, other) => off(one) - off(other))[0];
  }

  addEventListener(
    "keydown",
    (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const space = event.key === " " && document.activeElement === document.body;
      if ((!step && !space) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const lesson = chosen();
      if (!lesson) return;
      event.preventDefault();
      event.stopPropagation();
      const { video, starts } = lesson;
      if (space) {
        if (video.paused) video.play().catch(() => {});
        else video.pause();
        return;
      }
      const at = current(lesson);
      const untouched = video.currentTime === 0 && video.paused;
      if (step > 0) {
        if (untouched) play(lesson, 0, true);
        else if (at + 1 < starts.length) play(lesson, at + 1, true);
      } else {
        const again = at > 0 && video.currentTime - starts[at] < 1 ? at - 1 : at;
        play(lesson, Math.max(0, again), true);
      }
    },
    true, // before the player's own keys, which move by seconds
  );
})();
