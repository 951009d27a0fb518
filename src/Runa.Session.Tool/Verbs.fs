/// What the commands do.
module Runa.Session.Tool.Verbs

open System
open System.CommandLine
open System.Globalization
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks
open Runa.Session

let secret () : Answer =
    let secret = SessionSecret.create ()
    Answer.create [ secret ] [ "secret", Answer.text secret ]

let check (path: string) : Answer =
    match SessionFile.mistakes path with
    | [] -> Answer.create [ $"{path} is right." ] [ "errors", Answer.list [] ]
    | mistakes -> Answer.ofProblem mistakes

let private noSchema () : 'T = Problem.raiseOne "Redis has no schema: the driver creates its keys as they are needed."

let printSchema (parsed: ParseResult) : Answer =
    match Store.dialect parsed with
    | None -> noSchema ()
    | Some dialect ->
        let sql = SqlDriver.schema (Store.sqlOptions dialect parsed)
        Answer.create [ sql.TrimEnd() ] [ "sql", Answer.text sql ]

let createSchema (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    task {
        match Store.sql true parsed with
        | None -> return noSchema ()
        | Some(dialect, source) ->
            use source = source
            let options = Store.sqlOptions dialect parsed
            do! SqlDriver.ensureSchemaUntil token options source
            let sentence = $"The table {options.Table} is there."
            return Answer.create [ sentence ] [ "table", Answer.text options.Table ]
    }

/// Nothing found may mean a wrong name: an application that has no session at all is a problem.
let private requireSome
    (application: string)
    (name: string)
    (token: CancellationToken)
    (registry: SessionRegistry)
    : Task =
    task {
        let! count = SessionRegistry.count name token registry

        if count.Sessions = 0L then
            Problem.raiseOne
                $"The application \"{application}\" has no session \"{name}\" in this store. Check --application, --session, and the store."
    }

let private time (at: DateTimeOffset) = at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)

let private device (device: OwnedSession) : string * (JsonNode | null) =
    let json = JsonObject()
    let instant (at: DateTimeOffset) : JsonNode | null = JsonValue.Create at
    json["handle"] <- device.Handle
    json["label"] <- Option.toObj device.Label
    json["createdAt"] <- instant device.CreatedAt
    json["lastSeenAt"] <- instant device.LastSeenAt
    json["endsAt"] <- instant device.EndsAt
    let label = device.Label |> Option.map Answer.visible |> Option.defaultValue "no label"
    $"{device.Handle}  last seen {time device.LastSeenAt}  ends {time device.EndsAt}  {label}", json

/// Runs a command on one session of the application.
let private onSession parsed (act: string -> string -> SessionRegistry -> Task<Answer>) : Task<Answer> =
    let application = Arguments.required Arguments.application parsed
    let name = Arguments.required Arguments.session parsed
    Sessions.using application [ name ] parsed (act application name)

let devices (owner: string) (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    onSession parsed (fun application name registry ->
        task {
            let! found = SessionRegistry.forOwner name owner token registry

            if found.IsEmpty then
                do! requireSome application name token registry

            let lines, json = found |> List.map device |> List.unzip
            let heading = $"{found.Length} sessions \"{name}\" of the owner \"{Answer.visible owner}\"."
            return Answer.create (heading :: lines) [ "sessions", Answer.list json ]
        })

let logout (owner: string) (handle: string option) (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    onSession parsed (fun application name registry ->
        task {
            let! ended =
                match handle with
                | None -> SessionRegistry.revokeOwner name owner token registry
                | Some handle ->
                    task {
                        let! isEnded = SessionRegistry.revoke name owner handle token registry

                        if not isEnded then
                            Problem.raiseOne
                                $"The owner \"{Answer.visible owner}\" has no session \"{name}\" with the handle \"{handle}\"."

                        return 1
                    }

            if ended = 0 then
                do! requireSome application name token registry

            let sentence = $"{ended} sessions \"{name}\" of the owner \"{Answer.visible owner}\" were ended."
            return Answer.create [ sentence ] [ "ended", Answer.number ended ]
        })

let count (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    let application = Arguments.required Arguments.application parsed
    let names = Sessions.names parsed

    Sessions.using application names parsed (fun registry ->
        task {
            let lines = ResizeArray<string>()
            let json = JsonObject()
            let mutable total = 0L

            for name in names do
                let! count = SessionRegistry.count name token registry
                total <- total + count.Sessions
                lines.Add $"{name}: {count.Sessions} sessions, {count.SignedIn} of them signed in"
                let one = JsonObject()
                one["sessions"] <- count.Sessions
                one["signedIn"] <- count.SignedIn
                json[name] <- one

            if total = 0L then
                Problem.raiseOne
                    $"The application \"{application}\" has no sessions in this store. Check --application and the store."

            return Answer.create (List.ofSeq lines) [ "sessions", json ]
        })

/// A purge is one of the store: it has nothing to do with an application.
let purge (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    Sessions.using "application" [ "web" ] parsed (fun registry ->
        task {
            let! purged = SessionRegistry.purgeExpired token registry
            return Answer.create [ $"{purged} expired sessions were deleted." ] [ "deleted", Answer.number purged ]
        })
