/// The script of a report: it steps through the stills of animations, and keeps what fits the screen out of the way of
/// the Tab key.
///
/// Nothing moves until a reader presses Play, so nobody is disturbed who asked for less motion. Without the script all
/// stills are on the page, as they are on paper.
enum ReportScript {
  static let text = """
    "use strict";
    const boxes = Array.from(document.querySelectorAll(".scroll"));
    const scrolls = (box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    const stops = () => boxes.forEach((box) => { box.tabIndex = scrolls(box) ? 0 : -1; });
    stops();
    addEventListener("resize", stops);
    document.querySelectorAll(".animation").forEach((box) => {
      const stills = Array.from(box.querySelectorAll(".still"));
      const button = box.querySelector("button");
      const slider = box.querySelector("input");
      const place = box.querySelector(".place");
      let timer = null;
      const show = (index) => {
        stills.forEach((still, other) => still.classList.toggle("shown", other === index));
        slider.value = index + 1;
        slider.setAttribute("aria-valuetext", stills[index].querySelector(".line").textContent);
        place.textContent = (index + 1) + " / " + stills.length;
      };
      const stop = () => {
        clearInterval(timer);
        timer = null;
        button.textContent = "Play";
      };
      const step = () => {
        const next = Number(slider.value);
        if (next === stills.length) stop();
        else show(next);
      };
      button.addEventListener("click", () => {
        if (timer !== null) return stop();
        if (Number(slider.value) === stills.length) show(0);
        button.textContent = "Pause";
        timer = setInterval(step, 800);
      });
      slider.addEventListener("input", () => {
        stop();
        show(Number(slider.value) - 1);
      });
      box.classList.add("moving");
      box.querySelector(".controls").hidden = false;
      show(0);
    });
    """
}
