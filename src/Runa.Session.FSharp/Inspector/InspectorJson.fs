namespace Runa.Session

open System.IO
open System.Text.Json

/// What the inspector shows, as JSON.
module internal InspectorJson =
    let private list (writer: Utf8JsonWriter) (name: string) (items: 'T list) (write: 'T -> unit) : unit =
        writer.WriteStartArray name

        for item in items do
            writer.WriteStartObject()
            write item
            writer.WriteEndObject()

        writer.WriteEndArray()

    let write (seen: Inspected) : byte[] =
        use stream = new MemoryStream()

        do
            use writer = new Utf8JsonWriter(stream)
            writer.WriteStartObject()
            writer.WriteString("at", seen.At)

            list writer "drivers" seen.Drivers (fun driver ->
                writer.WriteString("name", driver.Driver)
                writer.WriteBoolean("is_store", driver.IsStore)
                writer.WriteBoolean("is_up", driver.IsUp)
                writer.WriteBoolean("is_slow", driver.IsSlow)
                writer.WriteNumber("milliseconds", driver.Milliseconds)
                writer.WriteString("failure", driver.Failure))

            list writer "sessions" seen.Sessions (fun info ->
                writer.WriteString("name", info.Name)
                writer.WriteString("driver", info.Driver)
                writer.WriteString("cookie_name", info.CookieName)
                writer.WriteNumber("ttl_seconds", info.Ttl.TotalSeconds)

                match info.IdleTimeout with
                | Some idle -> writer.WriteNumber("idle_timeout_seconds", idle.TotalSeconds)
                | None -> writer.WriteNull "idle_timeout_seconds"

                writer.WriteBoolean("shared", info.Shared))

            writer.WriteStartObject "held"

            for KeyValue(name, number) in seen.Held do
                writer.WriteNumber(name, number)

            writer.WriteEndObject()
            writer.WriteStartArray "held_failures"

            for why in seen.HeldFailures do
                writer.WriteStringValue why

            writer.WriteEndArray()
            writer.WriteStartObject "rates"
            writer.WriteNumber("seconds", seen.Rates.Seconds)

            for name, numbers in seen.Rates.Series do
                writer.WriteStartArray name

                for number in numbers do
                    writer.WriteNumberValue number

                writer.WriteEndArray()

            writer.WriteEndObject()

            list writer "events" seen.Events (fun event ->
                writer.WriteString("time", event.Time)
                writer.WriteString("kind", string event.Kind)
                writer.WriteString("session", event.Session)
                writer.WriteString("driver", event.Driver)
                writer.WriteNumber("count", event.Count))

            writer.WriteEndObject()

        stream.ToArray()
