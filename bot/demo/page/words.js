// The page's own words. What the app says comes from the app.

const EN = {
  skip: "Skip to the message field",
  channels: "Channels",
  apps: "Apps",
  home: "Home",
  messages: "Messages",
  you_are: "You are",
  guest: "guest",
  external: "external",
  app: "APP",
  members: "{n} members",
  open_menu: "Open the list of channels",
  close: "Close",
  cancel: "Cancel",
  submit: "Submit",
  back: "Back",
  thread: "Thread",
  replies: "{n} replies",
  reply: "1 reply",
  last_reply: "last reply {time}",
  reply_in_thread: "Reply in thread",
  also_sent: "replied to a thread",
  more_actions: "More actions",
  only_you: "Only visible to you",
  dismiss: "Dismiss",
  edited: "edited",
  deleted: "This message was deleted.",
  today: "Today",
  yesterday: "Yesterday",
  write_to: "Message {where}, or type /",
  write_reply: "Reply…",
  send: "Send",
  shortcuts: "Shortcuts",
  commands: "Commands",
  people: "People",
  no_home: "This app has not published a Home tab yet.",
  nothing_yet: "Nothing was said here yet.",
  try_command: "Try {command}",
  read_only: "This app does not take messages here.",
  archived: "This channel is archived.",
  not_member: "The app is not in this channel.",
  connecting: "Connecting…",
  offline: "The workspace does not answer. Trying again…",
  theme: "Switch between light and dark",
  language: "Language",
  backend: "Show or hide the panel “{title}”",
  app_connected: "The app is connected",
  app_gone: "The app is not connected",
  dispatch_failed: "The app did not answer: it is not connected.",
  operation_timeout: "The app did not answer within three seconds.",
  something_wrong: "Something went wrong: {error}",
  no_commands_in_threads: "Slash commands do not work in threads.",
  confirm_title: "Are you sure?",
  yes: "Yes",
  no: "No",
  choose: "Choose an option",
  show_more: "Show more",
  optional: "optional",
  download: "Download",
  new_messages: "{n} new messages",
  sources: "Sources",
  broadcast: "Also sent to the channel",
  workflow_step: "Workflow step",
  run_step: "Run",
  step_completed: "{title}: done. {outputs}",
  step_failed: "{title}: {error}",
  up: "Up to {n} can be chosen",
};

const RU = {
  skip: "Перейти к полю сообщения",
  channels: "Каналы",
  apps: "Приложения",
  home: "Главная",
  messages: "Сообщения",
  you_are: "Вы",
  guest: "гость",
  external: "извне",
  app: "APP",
  members: "участников: {n}",
  open_menu: "Открыть список каналов",
  close: "Закрыть",
  cancel: "Отмена",
  submit: "Отправить",
  back: "Назад",
  thread: "Обсуждение",
  replies: "ответов: {n}",
  reply: "1 ответ",
  last_reply: "последний {time}",
  reply_in_thread: "Ответить в обсуждении",
  also_sent: "ответ в обсуждении",
  more_actions: "Другие действия",
  only_you: "Видно только вам",
  dismiss: "Скрыть",
  edited: "изменено",
  deleted: "Сообщение удалено.",
  today: "Сегодня",
  yesterday: "Вчера",
  write_to: "Написать в {where} или /",
  write_reply: "Ответить…",
  send: "Отправить",
  shortcuts: "Действия",
  commands: "Команды",
  people: "Люди",
  no_home: "Приложение ещё не заполнило эту вкладку.",
  nothing_yet: "Здесь пока ничего не написали.",
  try_command: "Попробуйте {command}",
  read_only: "Это приложение не принимает здесь сообщений.",
  archived: "Канал в архиве.",
  not_member: "Приложения нет в этом канале.",
  connecting: "Соединяемся…",
  offline: "Рабочее пространство не отвечает. Пробуем ещё раз…",
  theme: "Светлая или тёмная тема",
  language: "Язык",
  backend: "Показать или скрыть панель «{title}»",
  app_connected: "Приложение на связи",
  app_gone: "Приложение не на связи",
  dispatch_failed: "Приложение не ответило: оно не на связи.",
  operation_timeout: "Приложение не ответило за три секунды.",
  something_wrong: "Что-то пошло не так: {error}",
  no_commands_in_threads: "Команды не работают в обсуждениях.",
  confirm_title: "Вы уверены?",
  yes: "Да",
  no: "Нет",
  choose: "Выберите",
  show_more: "Показать ещё",
  optional: "необязательно",
  download: "Скачать",
  new_messages: "новых сообщений: {n}",
  sources: "Источники",
  broadcast: "Отправлено и в канал",
  workflow_step: "Шаг процесса",
  run_step: "Запустить",
  step_completed: "{title}: готово. {outputs}",
  step_failed: "{title}: {error}",
  up: "Можно выбрать до {n}",
};

let lang = "en";

/** Speak the language of a Slack locale such as ru-RU. */
export function speak(locale) {
  lang = (locale || "en").startsWith("ru") ? "ru" : "en";
  document.documentElement.lang = lang;
}

/** The language spoken now. */
export const language = () => lang;

/** A word or sentence of the page, its {places} filled. */
export function t(key, values = {}) {
  const text = (lang === "ru" ? RU : EN)[key] ?? EN[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

const at = (ts) => new Date(parseFloat(ts) * 1000);

/** Clock time of a timestamp, as the reader's language writes it. */
export const clock = (ts) => at(ts).toLocaleTimeString(lang, { hour: "numeric", minute: "2-digit" });

/** Date and time to the second. */
export const moment = (ts) => at(ts).toLocaleString(lang, { dateStyle: "medium", timeStyle: "medium" });

/** A day for the divider between days. */
export function day(ts) {
  const date = at(ts);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  return date.toLocaleDateString(lang, { weekday: "long", day: "numeric", month: "long" });
}

/** What two timestamps of one day share. */
export const dayKey = (ts) => midnight(at(ts)).valueOf();

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** Slack's <!date^…> format: the tokens it knows, in the reader's time zone. */
export function slackDate(seconds, format) {
  const date = new Date(seconds * 1000);
  const show = (options) => date.toLocaleString(lang, options);
  const ago = () => {
    const minutes = Math.round((Date.now() - date.valueOf()) / 60_000);
    const units = Math.abs(minutes) < 60 ? [minutes, "minute"]
      : Math.abs(minutes) < 1440 ? [Math.round(minutes / 60), "hour"]
        : [Math.round(minutes / 1440), "day"];
    return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(-units[0], units[1]);
  };
  const pretty = (options) => {
    const key = dayKey(seconds);
    const today = midnight(new Date()).valueOf();
    if (key === today) return t("today").toLowerCase();
    if (key === today - 86_400_000) return t("yesterday").toLowerCase();
    return show(options);
  };
  const long = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  const medium = { day: "numeric", month: "long", year: "numeric" };
  const short = { day: "numeric", month: "short", year: "numeric" };
  const tokens = {
    date_num: () => date.toISOString().slice(0, 10),
    date_slash: () => show({ year: "numeric", month: "2-digit", day: "2-digit" }),
    date: () => show(medium),
    date_pretty: () => pretty(medium),
    date_short: () => show(short),
    date_short_pretty: () => pretty(short),
    date_long: () => show(long),
    date_long_pretty: () => pretty(long),
    day_divider_pretty: () => pretty(long),
    time: () => show({ hour: "numeric", minute: "2-digit" }),
    time_secs: () => show({ hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago,
  };
  return format.replace(/\{(\w+)\}/g, (place, name) => (tokens[name] ? tokens[name]() : place));
}
