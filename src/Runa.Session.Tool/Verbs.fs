/// What the commands do.
module Runa.Session.Tool.Verbs

open System
open System.CommandLine
open System.Data.Common
open System.Globalization
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks
open Runa.Session

let secret () : Answer =
    let secret = SessionSecret.create ()
    Answer.create [ secret ] [ "secret", Answer.text secret ]

/// `sessions`: those that the application registers. None: whoever checks the file does not know.
let check (path: string) (sessions: string option) : Answer =
    if String.IsNullOrWhiteSpace path then
        Problem.misuse "The name of the file is empty: runa-session check config/session.toml"

    let registered =
        match sessions with
        | Some names ->
            names.Split(',', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)
            |> List.ofArray
        | None -> []

    let mistakes =
        if sessions.IsSome then
            SessionFile.mistakesFor registered path
        else
            SessionFile.mistakes path

    if not mistakes.IsEmpty then
        Answer.ofProblem 1 mistakes
    else
        let unregistered = SessionFile.mistakesFor registered path
        let condition =
            if unregistered.IsEmpty then
                ""
            else
                ", if the application registers every session that it names. --sessions checks that too"

        Answer.create [ $"{path} is right{condition}." ] [ "errors", Answer.list [] ]
        |> Answer.withWarnings unregistered

let private dialect (parsed: ParseResult) : SqlDialect =
    match Store.dialect parsed with
    | Some dialect -> dialect
    | None -> Problem.misuse "--driver must be sqlite or postgresql: Redis has no schema."

let printSchema (parsed: ParseResult) : Answer =
    let sql = SqlDriver.schema (Store.sqlOptions (dialect parsed) parsed)
    Answer.create [ sql.TrimEnd() ] [ "sql", Answer.text sql ]

let private hasTable (options: SqlDriverOptions) (source: DbDataSource) (token: CancellationToken) : Task<bool> =
    task {
        try
            let! _ = Store.texts (fun table -> $"SELECT scope FROM {table} LIMIT 1") options source token
            return true
        with e when Problem.isMissingTable e ->
            return false
    }

let createSchema (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    task {
        let dialect = dialect parsed
        let options = Store.sqlOptions dialect parsed
        use source = Store.source true dialect parsed
        let! isThere = hasTable options source token
        do! SqlDriver.ensureSchemaUntil token options source
        let sentence =
            if isThere then
                $"The table {options.Table} was there already."
            else
                $"The table {options.Table} was created."

        return
            Answer.create [ sentence ] [ "table", Answer.text options.Table; "created", JsonValue.Create(not isThere) ]
    }

/// Nothing found may mean a wrong name: warns, or raises if the application has no session at all in a store of others.
let private doubts (application: string) (name: string) token parsed (registry: SessionRegistry) : Task<string list> =
    task {
        let! scopes = Scopes.read token parsed
        return scopes |> Scopes.warnings (Sessions.applicationOf application name registry) (Some name)
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

            let! warnings =
                if found.IsEmpty then
                    doubts application name token parsed registry
                else
                    Task.FromResult []

            let lines, json = found |> List.map device |> List.unzip
            let sessions = Answer.counted found.Length "session"
            let heading = $"{sessions} \"{name}\" of the owner \"{Answer.visible owner}\"."

            return Answer.create (heading :: lines) [ "sessions", Answer.list json ] |> Answer.withWarnings warnings
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

            let! warnings =
                if ended = 0 then
                    doubts application name token parsed registry
                else
                    Task.FromResult []

            let sessions = Answer.counted ended "session"
            let were = if ended = 1 then "was" else "were"
            let sentence = $"{sessions} \"{name}\" of the owner \"{Answer.visible owner}\" {were} ended."

            return Answer.create [ sentence ] [ "ended", Answer.number ended ] |> Answer.withWarnings warnings
        })

let count (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    task {
        let application = Arguments.required Arguments.application parsed
        let only = Arguments.optional Arguments.onlySession parsed
        let! scopes = Scopes.read token parsed

        // The application may have registered others in its code.
        let names =
            match only with
            | Some name -> [ name ]
            | None ->
                Sessions.names parsed
                @ [ for scope in scopes do
                        if scope.Application = application then
                            scope.Session ]
                |> List.distinct

        return!
            Sessions.using application names parsed (fun registry ->
                task {
                    let lines = ResizeArray<string>()
                    let json = JsonObject()
                    let mutable total = 0L

                    for name in names do
                        let! count = SessionRegistry.count name token registry
                        total <- total + count.Sessions
                        let sessions = Answer.counted count.Sessions "session"
                        lines.Add $"{name}: {sessions}, {count.SignedIn} of them signed in"
                        let one = JsonObject()
                        one["sessions"] <- count.Sessions
                        one["signedIn"] <- count.SignedIn
                        json[name] <- one

                    let warnings =
                        if total = 0L then
                            let isIn application = scopes |> List.exists (fun scope -> scope.Application = application)

                            let application =
                                [ for name in names -> Sessions.applicationOf application name registry ]
                                |> List.tryFind isIn
                                |> Option.defaultValue application

                            Scopes.warnings application only scopes
                        else
                            []

                    return Answer.create (List.ofSeq lines) [ "sessions", json ] |> Answer.withWarnings warnings
                })
    }

/// A purge is one of the store: it has nothing to do with an application.
let purge (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    Sessions.using "application" [ "web" ] parsed (fun registry ->
        task {
            // The driver redis does nothing, even if the store is down.
            let! answers = registry |> SessionRegistry.ping (TimeSpan.FromSeconds 5.) token

            for answer in answers do
                match answer.Error with
                | null -> ()
                | error -> raise error

            let! purged = SessionRegistry.purgeExpired token registry
            let sessions = Answer.counted purged "expired session"
            let were = if purged = 1 then "was" else "were"

            let sentence =
                if (Store.dialect parsed).IsNone then
                    "Redis deletes expired sessions by itself: there is nothing to purge."
                else
                    $"{sessions} {were} deleted."

            return Answer.create [ sentence ] [ "deleted", Answer.number purged ]
        })
