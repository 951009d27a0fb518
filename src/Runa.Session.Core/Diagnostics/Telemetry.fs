namespace Runa.Session

open System.Collections.Generic
open System.Diagnostics.Metrics

/// The counters of the meter "Runa.Session". Tags name sessions, never ids, owners or values.
module internal Telemetry =
    let private meter = new Meter("Runa.Session")
    let private counter name description = meter.CreateCounter<int64>(name, null, description)

    let private conflicts =
        counter "runa.session.conflicts" "Attempts to commit that found a change by another request."

    let private dropped =
        counter
            "runa.session.dropped_changes"
            "Changes of run-once handlers that were dropped because the session was gone."

    let private undecodable =
        counter "runa.session.undecodable_values" "Stored values that their key could not read."

    let private unreadable =
        counter
            "runa.session.unreadable_records"
            "Stored sessions, or tickets in them, that could not be read: damaged, of a newer format, or encrypted under another token."

    let private evicted =
        counter "runa.session.evicted" "Sessions that the memory driver evicted because it was full."
    let private tag name (value: objnull) = KeyValuePair<string, objnull>(name, value)

    let conflict (session: string) = conflicts.Add(1L, tag "session" session)
    let drop (session: string) = dropped.Add(1L, tag "session" session)
    let undecodableValue (session: string) = undecodable.Add(1L, tag "session" session)

    let unreadableRecords (session: string) (count: int) = unreadable.Add(int64 count, tag "session" session)

    let evict (owned: bool) (count: int) =
        if count > 0 then
            evicted.Add(int64 count, tag "owned" owned)
