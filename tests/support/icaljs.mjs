// What a calendar program makes of a feed, by ical.js. Imports nothing from the portal.
//
//   node tests/support/icaljs.mjs FEED.ics 2026-10-01T00:00:00Z 2027-04-01T00:00:00Z
//
// prints a JSON list of {uid, recurrence_id, start, end, summary, status}. Instants are UTC,
// whole days are dates. Times are read by the file's own VTIMEZONEs, as calendars do.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const [path, from, until] = process.argv.slice(2);
if (!until) {
  console.error("usage: node icaljs.mjs FEED.ics START END");
  process.exit(2);
}
// A day more on both sides, because whole days have no zone; the caller cuts exactly.
const DAY = 86400;
const first = Date.parse(from) / 1000 - DAY;
const last = Date.parse(until) / 1000 + DAY;

const calendar = new ICAL.Component(ICAL.parse(readFileSync(path, "utf8")));
ICAL.TimezoneService.reset();
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);

const events = calendar.getAllSubcomponents("vevent");
for (const event of events) {
  for (const property of event.getAllProperties()) {
    const name = property.getParameter("tzid");
    if (name && !ICAL.TimezoneService.has(name)) {
      console.error(`there is no VTIMEZONE for TZID=${name}`);
      process.exit(1);
    }
  }
}

function say(time) {
  if (time.isDate) return time.toString();
  if (time.zone === ICAL.Timezone.localTimezone) return time.toString();
  return new Date(time.toUnixTime() * 1000).toISOString().replace(".000Z", "Z");
}

function occurrence(item, start, end, recurrenceId) {
  const status = item.component.getFirstPropertyValue("status");
  return {
    uid: item.uid,
    recurrence_id: recurrenceId ? say(recurrenceId) : null,
    start: say(start),
    end: say(end),
    summary: item.summary ?? "",
    status: status ?? "CONFIRMED",
  };
}

const found = [];
const isOverride = (event) => event.hasProperty("recurrence-id");
const within = (time) => time.toUnixTime() >= first && time.toUnixTime() < last;

// An override stands on its own, wherever it was moved to.
const overridden = new Map();
for (const component of events.filter(isOverride)) {
  const event = new ICAL.Event(component);
  const ids = overridden.get(event.uid) ?? new Set();
  overridden.set(event.uid, ids.add(say(event.recurrenceId)));
  if (within(event.startDate)) {
    found.push(occurrence(event, event.startDate, event.endDate, event.recurrenceId));
  }
}

for (const component of events.filter((event) => !isOverride(event))) {
  const event = new ICAL.Event(component, { exceptions: [] });
  if (!event.isRecurring()) {
    if (within(event.startDate)) {
      const id = overridden.has(event.uid) ? event.startDate : null;
      if (!id || !overridden.get(event.uid).has(say(id))) {
        found.push(occurrence(event, event.startDate, event.endDate, id));
      }
    }
    continue;
  }
  const iterator = event.iterator();
  for (let next = iterator.next(); next && next.toUnixTime() < last; next = iterator.next()) {
    if (!within(next) || overridden.get(event.uid)?.has(say(next))) continue;
    const details = event.getOccurrenceDetails(next);
    found.push(occurrence(event, details.startDate, details.endDate, details.recurrenceId));
  }
}

console.log(JSON.stringify(found));
