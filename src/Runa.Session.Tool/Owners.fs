/// What the commands do with the sessions of one owner.
module Runa.Session.Tool.Owners

open System
open System.CommandLine
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks
open Runa.Session

/// Nothing found may mean a wrong name: warns, or raises if the application has no session at all in a store of others.
let doubts (application: string) (name: string) token parsed (registry: SessionRegistry) : Task<string list> =
    task {
        let! scopes = Scopes.read token parsed
        return scopes |> Scopes.warnings (Sessions.applicationOf application name registry) (Some name)
    }

let private device (device: OwnedSession) : string * (JsonNode | null) =
    let json = JsonObject()
    let instant (at: DateTimeOffset) : JsonNode | null = JsonValue.Create at
    json["handle"] <- device.Handle
    json["label"] <- Option.toObj device.Label
    json["address"] <- device.Client |> Option.bind _.Address |> Option.toObj
    json["agent"] <- device.Client |> Option.bind _.Agent |> Option.toObj
    json["device"] <- (string device.Device).ToLowerInvariant()
    json["createdAt"] <- instant device.CreatedAt
    json["lastSeenAt"] <- instant device.LastSeenAt
    json["endsAt"] <- instant device.EndsAt

    let line =
        [ device.Handle
          $"last seen {Answer.time device.LastSeenAt}"
          $"ends {Answer.time device.EndsAt}"
          device.Label |> Option.map Answer.visible |> Option.defaultValue "no label"
          match device.Client with
          | Some client ->
              yield! client.Address |> Option.map Answer.visible |> Option.toList
              yield! client.Agent |> Option.map Answer.visible |> Option.toList
          | None -> ()
          if device.Device.IsBound then
              "bound to its device" ]

    String.Join("  ", line), json

/// Runs a command on one session of the application.
let onSession parsed (act: string -> string -> SessionRegistry -> Task<Answer>) : Task<Answer> =
    let application = Arguments.required Arguments.application parsed
    let name = Arguments.required Arguments.session parsed
    Sessions.using application [ name ] parsed (act application name)

/// Which of an owner's sessions to list.
[<RequireQualifiedAccess>]
type Part =
    /// The first page.
    | First
    /// The page that begins here, which the page before has told.
    | Page of string
    | All

/// A page, the session that was used last first.
let private page name owner from token (registry: SessionRegistry) : Task<OwnedSession list * string option> =
    task {
        try
            let! page = SessionRegistry.forOwnerPage name owner from token registry
            return page.Items |> List.sortByDescending _.LastSeenAt, page.Next
        with e when Problem.isWrongPage e ->
            return Problem.misuse "--page: this is not what a page of this store ended with. Begin again without it."
    }

/// The sessions of a part, and where the next page begins.
let private listed (part: Part) name owner token (registry: SessionRegistry) : Task<OwnedSession list * string option> =
    match part with
    | Part.First -> page name owner None token registry
    | Part.Page from -> page name owner (Some from) token registry
    | Part.All ->
        task {
            let! all = SessionRegistry.forOwner name owner token registry
            return all, None
        }

let devices (owner: string) (part: Part) (token: CancellationToken) (parsed: ParseResult) : Task<Answer> =
    onSession parsed (fun application name registry ->
        task {
            let! found, next = listed part name owner token registry

            let! warnings =
                match part with
                | _ when not found.IsEmpty || next.IsSome -> Task.FromResult []
                | Part.Page _ ->
                    Task.FromResult
                        [ "No session follows: is the text of --page what the page before said, for this owner?" ]
                | _ -> doubts application name token parsed registry

            let isWhole = next.IsNone && not part.IsPage
            let onPage = if isWhole then "" else " on this page"
            let lines, json = found |> List.map device |> List.unzip
            let sessions = Answer.counted found.Length "session"
            let heading = $"{sessions} \"{name}\" of the owner \"{Answer.visible owner}\"{onPage}."

            let more =
                match next with
                | Some next ->
                    [ $"There may be more. The next page: --page=\"{Answer.visible next}\". All of them: --all." ]
                | None -> []

            return
                Answer.create
                    (heading :: lines @ more)
                    [ "sessions", Answer.list json; "next", next |> Option.map Answer.text |> Option.toObj ]
                |> Answer.withWarnings warnings
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
