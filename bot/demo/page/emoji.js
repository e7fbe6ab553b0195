// Emoji shortcodes. Those a status bot lives on are drawn here, so that they look the same
// everywhere and on machines without an emoji font; the others are characters.

import { el, svg } from "./dom.js";

const COLORS = {
  red: "#e5484d", orange: "#f2811d", yellow: "#f0b429", green: "#2fb171", blue: "#3b82f6",
  purple: "#8e5bd6", brown: "#94674a", black: "#30363d", white: "#e8eaed", grey: "#8a949e",
};

const circle = (color) => [svg("circle", { cx: 12, cy: 12, r: 8.5, fill: COLORS[color], stroke: "#0002" })];
const square = (color) => [
  svg("rect", { x: 4, y: 4, width: 16, height: 16, rx: 3.5, fill: COLORS[color], stroke: "#0002" }),
];
const line = (d, color, width = 2.6) =>
  svg("path", {
    d, fill: "none", stroke: color, "stroke-width": width,
    "stroke-linecap": "round", "stroke-linejoin": "round",
  });
const badge = (color, d) => [
  svg("rect", { x: 2.5, y: 2.5, width: 19, height: 19, rx: 5, fill: COLORS[color] }),
  line(d, "#fff"),
];
const glass = (sand) => [
  svg("path", { d: "M6 3h12v3c0 3-4 4.500-4 6s4 3 4 6v3H6v-3c0-3 4-4.500 4-6S6 9 6 6z", fill: "#d9a05b33" }),
  svg("path", { d: sand, fill: "#e0a33b" }),
  line("M6 3h12M6 21h12M7 3v3c0 3 4 4.500 4 6s-4 3-4 6v3M17 3v3c0 3-4 4.500-4 6s4 3 4 6v3", "#a8743c", 1.6),
];

const DRAWN = {
  red_circle: () => circle("red"),
  large_orange_circle: () => circle("orange"),
  large_yellow_circle: () => circle("yellow"),
  large_green_circle: () => circle("green"),
  large_blue_circle: () => circle("blue"),
  large_purple_circle: () => circle("purple"),
  large_brown_circle: () => circle("brown"),
  white_circle: () => circle("white"),
  black_circle: () => circle("black"),
  large_red_square: () => square("red"),
  large_orange_square: () => square("orange"),
  large_yellow_square: () => square("yellow"),
  large_green_square: () => square("green"),
  large_blue_square: () => square("blue"),
  white_check_mark: () => badge("green", "m7 12.500 3.500 3.500L17 8.500"),
  heavy_check_mark: () => [line("m4.500 13 5 5L19.500 6.500", COLORS.green, 3.4)],
  ballot_box_with_check: () => badge("blue", "m7 12.500 3.500 3.500L17 8.500"),
  x: () => [line("M5.500 5.500l13 13M18.500 5.500l-13 13", COLORS.red, 3.6)],
  no_entry: () => [
    svg("circle", { cx: 12, cy: 12, r: 9, fill: COLORS.red }), line("M7.500 12h9", "#fff", 3.2),
  ],
  no_entry_sign: () => [
    svg("circle", { cx: 12, cy: 12, r: 8, fill: "none", stroke: COLORS.red, "stroke-width": 2.8 }),
    line("M6.500 6.500l11 11", COLORS.red),
  ],
  warning: () => [
    svg("path", { d: "M12 3 22 20.500H2z", fill: COLORS.yellow, stroke: "#b97f0a", "stroke-linejoin": "round" }),
    line("M12 9.500v5M12 17.600v.1", "#3d2b00", 2.2),
  ],
  rotating_light: () => [
    svg("path", { d: "M6 18v-5a6 6 0 0 1 12 0v5z", fill: COLORS.red }),
    svg("rect", { x: 4, y: 18, width: 16, height: 3.2, rx: 1, fill: "#6b737c" }),
    line("M12 2v2.500M4.500 5l1.700 1.700M19.500 5l-1.700 1.700", COLORS.orange, 1.8),
    line("M9.500 14a2.500 2.500 0 0 1 2.500-3", "#ffd1d3", 1.6),
  ],
  hourglass: () => glass("M7.500 20c0-2 2.500-3 4.500-4 2 1 4.500 2 4.500 4z"),
  hourglass_flowing_sand: () => glass("M8 6h8c0 2-2.500 3-4 5-1.500-2-4-3-4-5zM8.500 20c0-1.500 2-2.500 3.500-3 1.500.5 3.500 1.500 3.500 3z"),
  information_source: () => badge("blue", "M12 11v5.500M12 7.500v.1"),
  question: () => [line("M8 8a4 4 0 1 1 5.500 3.700c-1 .5-1.500 1.200-1.500 2.800M12 18.900v.1", COLORS.red, 3)],
  grey_question: () => [line("M8 8a4 4 0 1 1 5.500 3.700c-1 .5-1.500 1.200-1.500 2.800M12 18.900v.1", COLORS.grey, 3)],
  exclamation: () => [line("M12 4v10M12 19v.1", COLORS.red, 3.4)],
  bell: () => [
    svg("path", { d: "M5 17c1.500-1.500 2-3 2-6a5 5 0 0 1 10 0c0 3 .5 4.500 2 6z", fill: COLORS.yellow }),
    line("M10 19.500a2 2 0 0 0 4 0", "#b97f0a", 2),
  ],
  mag: () => [
    svg("circle", { cx: 10, cy: 10, r: 5.800, fill: "#9cc9f533", stroke: "#5c7d9c", "stroke-width": 2.2 }),
    line("m14.500 14.500 5.500 5.500", "#5c7d9c", 3),
  ],
  arrows_counterclockwise: () => [line("M5 10a7.500 7.500 0 0 1 13-3l2 2M20 4v5h-5M19 14a7.500 7.500 0 0 1-13 3l-2-2M4 20v-5h5", COLORS.blue, 2.4)],
  chart_with_upwards_trend: () => [line("M4 4v16h16", COLORS.grey, 2), line("m6.500 15 4-5 3 3 6-7", COLORS.red, 2.4)],
  chart_with_downwards_trend: () => [line("M4 4v16h16", COLORS.grey, 2), line("m6.500 7 4 5 3-3 6 7", COLORS.blue, 2.4)],
  electric_plug: () => [line("M9 3v5M15 3v5M12 16v5", COLORS.grey, 2.4), svg("path", { d: "M6 8h12v3a6 6 0 0 1-12 0z", fill: "#59636e" })],
  link: () => [line("M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.700-5.700l-1.300 1.300M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.700 5.700l1.300-1.300", "#7b8794", 2.2)],
  lock: () => [svg("rect", { x: 5, y: 11, width: 14, height: 10, rx: 2, fill: COLORS.yellow }), line("M8 11V8a4 4 0 0 1 8 0v3", "#8a949e", 2.2)],
  zap: () => [svg("path", { d: "M13.500 2 4 14h6l-1.500 8L19 9.500h-6.500z", fill: COLORS.yellow, stroke: "#b97f0a", "stroke-linejoin": "round" })],
  book: () => [svg("path", { d: "M4 4h6.500L12 5.500 13.500 4H20v15h-6.500L12 20.500 10.500 19H4z", fill: "#3b82f6" }), line("M12 5.500v15", "#fff", 1.4)],
};
const ALIASES = {
  green_circle: "large_green_circle", yellow_circle: "large_yellow_circle",
  orange_circle: "large_orange_circle", blue_circle: "large_blue_circle",
  check: "heavy_check_mark", stopwatch: "hourglass", siren: "rotating_light",
  open_book: "book", mag_right: "mag",
};
const CHARACTERS = {
  smile: "😄", smiley: "😃", grin: "😁", joy: "😂", wink: "😉", blush: "😊", thinking_face: "🤔",
  cry: "😢", sob: "😭", scream: "😱", sweat_smile: "😅", sleeping: "😴", heart: "❤️", tada: "🎉",
  fire: "🔥", rocket: "🚀", eyes: "👀", wave: "👋", clap: "👏", pray: "🙏", muscle: "💪",
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", ok_hand: "👌", raised_hands: "🙌",
  point_right: "👉", point_up: "☝️", point_down: "👇", star: "⭐", sparkles: "✨", bulb: "💡",
  wrench: "🔧", hammer: "🔨", hammer_and_wrench: "🛠️", gear: "⚙️", key: "🔑", unlock: "🔓",
  shield: "🛡️", bug: "🐛", package: "📦", memo: "📝", clipboard: "📋", pushpin: "📌",
  calendar: "📅", clock1: "🕐", alarm_clock: "⏰", mute: "🔇", no_bell: "🔕", loudspeaker: "📢",
  mega: "📣", satellite: "🛰️", satellite_antenna: "📡", globe_with_meridians: "🌐", computer: "💻",
  desktop_computer: "🖥️", cloud: "☁️", snowflake: "❄️", skull: "💀", ghost: "👻", robot_face: "🤖",
  construction: "🚧", traffic_light: "🚦", checkered_flag: "🏁", octagonal_sign: "🛑", sos: "🆘",
  new: "🆕", up: "🆙", ok: "🆗", repeat: "🔁", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️",
  arrow_left: "⬅️", arrow_forward: "▶️", pause_button: "⏸️", heavy_plus_sign: "➕",
  heavy_minus_sign: "➖", bar_chart: "📊", stethoscope: "🩺", adhesive_bandage: "🩹",
  ambulance: "🚑", hospital: "🏥", speech_balloon: "💬", thread: "🧵", page_facing_up: "📄",
  paperclip: "📎", email: "📧", telephone: "☎️", cop: "👮", detective: "🕵️", snail: "🐌",
  turtle: "🐢", broken_heart: "💔", boom: "💥", bangbang: "‼️", recycle: "♻️", white_flag: "🏳️",
  radio_button: "🔘", low_battery: "🪫", battery: "🔋", test_tube: "🧪", dart: "🎯", crossed_fingers: "🤞",
};

/** The emoji of a shortcode, or its text when nobody knows it. */
export function emoji(code) {
  const name = code.split("::")[0];
  const known = ALIASES[name] || name;
  if (DRAWN[known]) {
    return el("span.emoji", { role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` },
      svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, ...DRAWN[known]()));
  }
  if (CHARACTERS[known]) return el("span.emoji.char", { title: `:${name}:` }, CHARACTERS[known]);
  return document.createTextNode(`:${code}:`);
}

// The same signs when an app writes them as characters.
const DRAWN_CHARACTERS = {
  "🔴": "red_circle", "🟠": "large_orange_circle", "🟡": "large_yellow_circle",
  "🟢": "large_green_circle", "🔵": "large_blue_circle", "🟣": "large_purple_circle",
  "⚪": "white_circle", "⚫": "black_circle", "✅": "white_check_mark", "❌": "x",
  "⚠": "warning", "🚨": "rotating_light", "⏳": "hourglass_flowing_sand", "⌛": "hourglass",
  "ℹ": "information_source", "⛔": "no_entry", "🚫": "no_entry_sign", "🔔": "bell",
  "🔍": "mag", "🔎": "mag", "🔄": "arrows_counterclockwise", "🔌": "electric_plug",
  "🔗": "link", "🔒": "lock", "⚡": "zap", "📖": "book",
};
const SIGNS = new RegExp(
  `(:[a-z0-9_+-]+(?:::skin-tone-[2-6])?:|(?:${Object.keys(DRAWN_CHARACTERS).join("|")})\\uFE0F?)`, "u",
);

/** Text with its :shortcodes: and status characters turned into emoji, as a list of nodes. */
export function withEmoji(text) {
  return text.split(SIGNS).filter(Boolean).map((part) => {
    const drawn = DRAWN_CHARACTERS[part.replace("\uFE0F", "")];
    if (drawn) return emoji(drawn);
    return /^:[a-z0-9_+:-]+:$/.test(part) ? emoji(part.slice(1, -1)) : document.createTextNode(part);
  });
}
