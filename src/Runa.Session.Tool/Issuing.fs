/// Makes a session for an owner, without a browser.
module Runa.Session.Tool.Issuing

open System
open System.CommandLine
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks
open Runa.Session

/// What a list of devices shows for it, unless the user says otherwise.
let defaultLabel = "Issued by runa-session"

let private lifetimeOf (text: string) : TimeSpan =
    match Duration.tryParse text with
    | Some lifetime -> lifetime
    | None -> Problem.misuse $"--lifetime = \"{Answer.visible text}\": must be {Duration.allowed}."

/// Pure, apart from the refusal: a session that ends earlier than the user wanted is not made.
let private withLifetime (name: string) (lifetime: TimeSpan) (session: Session) : Session =
    let session = session |> Session.withLifetime lifetime
    let longest = Session.expiresAt session - Session.createdAt session

    if longest < lifetime then
        Problem.misuse
            $"--lifetime: the session \"{name}\" lives at most {Duration.write longest} (max_ttl), not {Duration.write lifetime}. Give less, or the application's settings with --config."

    session

let private warning =
    "Whoever has this cookie is signed in as the owner: keep it out of logs, and end it with `runa-session logout --device`."

/// `lifetime` None: that of the session's settings.
let issue
    (owner: string)
    (lifetime: string option)
    (label: string)
    (token: CancellationToken)
    (parsed: ParseResult)
    : Task<Answer> =
    let lifetime = lifetime |> Option.map lifetimeOf

    if String.IsNullOrWhiteSpace owner then
        Problem.misuse "The owner is empty: give what the application gives to signIn."

    if not Sessions.hasSecret then
        Problem.raiseOne
            "The application's secret is needed, because it signs the cookie: set the environment variable RUNA_SECRET."

    Owners.onSession parsed (fun application name registry ->
        task {
            // Before it is made: under a wrong name it would be a session that no application finds.
            let! doubts = Owners.doubts application name token parsed registry

            let step (session: Session) =
                session
                |> Session.signIn owner
                |> Session.withLabel label
                |> fun session -> Option.foldBack (withLifetime name) lifetime session

            let! issued = SessionRegistry.issue name step token registry
            let cookie = Option.toObj issued.CookieHeader
            let handle = SessionRegistry.handle issued.Session |> Option.toObj
            let expiresAt = Session.expiresAt issued.Session

            return
                Answer.create
                    [ $"Cookie: {cookie}"; $"Handle: {handle}"; $"Expires: {Answer.time expiresAt}" ]
                    [ "cookie", JsonValue.Create cookie
                      "handle", JsonValue.Create handle
                      "expiresAt", JsonValue.Create expiresAt ]
                |> Answer.withWarnings (warning :: doubts)
        })
