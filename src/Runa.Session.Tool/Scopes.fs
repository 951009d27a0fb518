namespace Runa.Session.Tool

open System
open System.CommandLine
open System.Threading
open System.Threading.Tasks
open Runa.Session

/// Under what names the store holds sessions.
[<RequireQualifiedAccess>]
type Scope =
    {
        /// Empty: the sessions are shared by applications.
        Application: string
        Session: string
    }

module Scopes =
    /// `Shop/web`. A session's name has neither slash nor blank, but an application's may. None: a row of another kind, such as
    /// the devices of sessions (`Shop/web device`).
    let parse (text: string) : Scope option =
        match text.LastIndexOf '/' with
        | -1 -> None
        | at when text.IndexOf(' ', at) >= 0 -> None
        | at -> Some { Scope.Application = text[.. at - 1]; Scope.Session = text[at + 1 ..] }

    let private ofSql (dialect: SqlDialect) (token: CancellationToken) (parsed: ParseResult) : Task<string list> =
        task {
            use source = Store.source false dialect parsed
            let options = Store.sqlOptions dialect parsed
            return! Store.texts (fun table -> $"SELECT DISTINCT scope FROM {table}") options source token
        }

    let private ofRedis (token: CancellationToken) (parsed: ParseResult) : Task<string list> =
        task {
            use! redis = Store.connectRedis parsed
            let servers = RedisServers(redis.GetDatabase(), RedisKeys(Store.redisPrefix parsed))
            let found = Collections.Generic.HashSet<string>()

            for server in servers.Primaries() do
                let mutable cursor = ""

                while cursor <> "0" do
                    let! struct (next, keys) = servers.Scan(server, (if cursor = "" then "0" else cursor), token)
                    let! whose = servers.Whose(keys, token)

                    for struct (_, whose) in whose do
                        match whose with
                        | ValueSome whose -> found.Add whose.Scope |> ignore
                        | ValueNone -> ()

                    cursor <- next

            return List.ofSeq found
        }

    /// Reads them from the store. For Redis it looks at all records.
    let read (token: CancellationToken) (parsed: ParseResult) : Task<Scope list> =
        task {
            let! texts =
                match Store.dialect parsed with
                | Some dialect -> ofSql dialect token parsed
                | None -> ofRedis token parsed

            return texts |> List.choose parse |> List.sort
        }

    let private others (scopes: Scope list) : string =
        let named =
            [ for application in scopes |> List.map _.Application |> List.distinct do
                  if application = "" then
                      "of applications that share them (give --config)"
                  else
                      $"of \"{Answer.visible application}\"" ]

        let shown = String.Join(", ", List.truncate 10 named)
        if named.Length > 10 then $"{shown}, …" else shown

    /// What may be wrong if the application has no such session in the store. Raises if the store holds sessions, but none
    /// of the application: its name is wrong, or the store. An empty store is right after a deployment.
    let warnings (application: string) (name: string option) (scopes: Scope list) : string list =
        let own =
            [ for scope in scopes do
                  if scope.Application = application then
                      scope.Session ]

        match own, name with
        | [], _ when scopes.IsEmpty -> [ "The store holds no sessions." ]
        | [], _ ->
            let whose =
                if application = "" then
                    "Applications share no session"
                else
                    $"The application \"{Answer.visible application}\" has no sessions"
            Problem.raiseOne
                $"{whose} in this store, which holds sessions {others scopes}. Check --application, --config, and the store."
        | own, Some name when not (List.contains name own) ->
            let names = own |> List.map (fun own -> $"\"{Answer.visible own}\"") |> String.concat ", "
            [ $"The application has no sessions \"{name}\" in this store, only {names}: check --session." ]
        | _ -> []
