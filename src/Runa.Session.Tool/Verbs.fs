/// What the commands do.
module Runa.Session.Tool.Verbs

open System
open System.CommandLine
open System.Data.Common
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
