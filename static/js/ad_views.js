// Says that half of an ad was in view for a second, once for each ad of the page (sponsors.viewability).
const waiting = new Map();
const to = document.getElementById("_b")?.dataset.to;

const watch = new IntersectionObserver(
  (entries) => {
    for (const { target, intersectionRatio } of entries) {
      clearTimeout(waiting.get(target));
      if (intersectionRatio >= 0.5 && !document.hidden) waiting.set(target, setTimeout(seen, 1000, target));
    }
  },
  { threshold: 0.5 },
);

function seen(ad) {
  watch.unobserve(ad);
  ads.delete(ad);
  navigator.sendBeacon(to, ["ad", Math.random(), ad.dataset.ad].join("\n"));
}

const ads = new Set(document.querySelectorAll("[data-ad]"));
const begin = () => ads.forEach((ad) => watch.observe(ad));

if (to && !(navigator.doNotTrack > 0 || navigator.globalPrivacyControl)) {
  begin();
  document.addEventListener("visibilitychange", () => {
    for (const ad of ads) {
      clearTimeout(waiting.get(ad));
      watch.unobserve(ad);
    }
    if (!document.hidden) begin();
  });
}
