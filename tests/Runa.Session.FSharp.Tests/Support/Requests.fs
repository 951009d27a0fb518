/// Requests without HTTP: what a handler does with a session, over a driver of a test.
module internal Runa.Session.Tests.Requests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.TestSupport

let count = SessionKey.create<int> "count"
let note = SessionKey.create<string> "note"
let notice = SessionKey.create<string> "notice"
let increment = Session.update count 0 ((+) 1)

let wait (work: Task<'T>) = work.GetAwaiter().GetResult()

/// What the work raises.
let raised<'E, 'T when 'E :> exn> (work: unit -> Task<'T>) : 'E =
    try
        wait (work ()) |> ignore
        failwith "nothing was raised"
    with :? 'E as e ->
        e

/// Each on a thread of its own choosing; waits for all.
let atOnce (works: (unit -> Task<'T>) list) : 'T list =
    Task.WhenAll [ for work in works -> Task.Run<'T>(Func<Task<'T>>(work)) ] |> wait |> List.ofArray

/// The session "web" of a registry over this driver.
let web clock driver = Engine.definition (registry clock driver) "web"

/// The same with other settings.
let webWith clock driver change =
    let registry = SessionRegistry.create (setup clock driver |> SessionSetup.session "web" change)
    Engine.definition registry "web"

/// The Cookie header that carries this token.
let header (session: SessionDefinition) (token: string) = StringValues $"{session.Settings.CookieName}={token}"

let load session (token: string) : Task<Snapshot> = (Engine.load session (header session token)).AsTask()

/// As withSession does.
let step session (token: string) (change: Session -> Session) : Task<Engine.Stepped<unit>> =
    task {
        let! loaded = load session token
        return! Engine.run session null loaded null WhenGone.StepAgainUnlessOwned (fun s -> struct (change s, ()))
    }

/// As withSessionTask does: changes of what was loaded before.
let commit session (loaded: Snapshot) (wanted: Session) : Task<Engine.Stepped<unit>> =
    (Engine.run session null loaded wanted WhenGone.StepAgainUnlessOwned (fun s -> struct (s, ()))).AsTask()

let tokenOf (stepped: Engine.Stepped<'R>) =
    match stepped.Cookie with
    | CookieChange.Set(token, _, _) -> string token
    | _ -> failwith "no token was given out"

/// A session in the store, and its token.
let start session (change: Session -> Session) : string = tokenOf (wait (step session "" change))

/// The session that the token leads to.
let find session token : Session = (wait (load session token)).Session

let record (session: SessionDefinition) (loaded: Snapshot) =
    (session.Driver.Load loaded.Place.Key CancellationToken.None).AsTask() |> wait

/// The session with a log of its own, and what has been logged so far: each line's level, name and text.
let logging (session: SessionDefinition) : SessionDefinition * (unit -> (LogLevel * string * string) list) =
    let lines = System.Collections.Concurrent.ConcurrentQueue<LogLevel * string * string>()

    let log =
        { new ILogger with
            member _.BeginScope _ = null
            member _.IsEnabled _ = true

            member _.Log(level, id, state, error, format) =
                lines.Enqueue(level, string id.Name, format.Invoke(state, error)) }

    { session with Log = log }, (fun () -> List.ofSeq lines)
