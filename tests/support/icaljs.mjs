// What a calendar program makes of a feed, by ical.js. Imports nothing from the portal.
//
// Answers each line {feed, from, until, floating} on its input with a line {found} or {error},
// so that one process reads thousands of feeds. `found` is a list of {uid, recurrence_id, start,
// end, summary, location, status}: instants in UTC, whole days as dates. Times are read by the
// file's own VTIMEZONEs, as calendars do.
//
// `floating`: a TZID that the file does not explain is no error but a time without a zone, as
// in the programs built on ical.js; such times are said without Z.
import { createInterface } from "node:readline";
import ICAL from "ical.js";

const DAY = 86400;

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
    location: item.location ?? "",
    status: status ?? "CONFIRMED",
  };
}

function refuseUnknownZones(events) {
  for (const event of events) {
    for (const property of event.getAllProperties()) {
      const name = property.getParameter("tzid");
      if (name && !ICAL.TimezoneService.has(name)) {
        throw new Error(`there is no VTIMEZONE for TZID=${name}`);
      }
    }
  }
}

function read({ feed, from, until, floating = false }) {
  // A day more on both sides, because whole days have no zone; the caller cuts exactly.
  const first = Date.parse(from) / 1000 - DAY;
  const last = Date.parse(until) / 1000 + DAY;
  const calendar = new ICAL.Component(ICAL.parse(feed));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(zone);
  }
  const events = calendar.getAllSubcomponents("vevent");
  if (!floating) refuseUnknownZones(events);

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
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { found: read(JSON.parse(line)) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
