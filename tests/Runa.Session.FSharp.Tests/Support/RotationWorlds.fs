/// Requests with older and newer tokens of one session, over a store whose calls a scheduler orders.
module internal Runa.Session.Tests.RotationWorlds

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests
open Runa.Session.Tests.Deeds
open Runa.Session.Tests.Interleavings
open Runa.Session.Tests.Scheduler
open Runa.Session.Tests.Visits

let private definition =
    let registry =
        setup (clock ()) (memory (clock ()))
        |> SessionSetup.session "web" (fun o ->
            { o with IdleTimeout = Some(TimeSpan.FromMinutes 20.); Rotate = Some(TimeSpan.FromMinutes 15.) })
        |> SessionRegistry.create

    Engine.definition registry "web"

/// Where the rotation stands at the beginning. Afterwards two requests come: with the older token and with the newer one.
[<RequireQualifiedAccess>]
type Scene =
    /// Both tokens are the same: two tabs, and a rotation is due.
    | Due
    /// It has rotated, and nobody has shown the newer token.
    | Unanswered
    /// The user has shown the newer token 6 minutes ago: the older one is a copy.
    | Copied

/// What a request came to. `Token`: in its cookie, if it set one.
[<NoComparison; NoEquality>]
type Came =
    { Deed: Deed
      Failure: exn option
      IsCounted: bool
      Saw: SessionStatus option
      Token: string option
      IsExpired: bool }

/// Answers in the order in which they came; `Given`: every token that there is; `Generation`: at the beginning.
[<NoComparison; NoEquality>]
type Told = { World: World; Start: string; Generation: int; Answers: Came list; Given: string list }

/// A request with this Cookie header.
let performWith (named: SessionDefinition) (world: World) deed (cookies: string) (answer: Came -> unit) : Task =
    let visit =
        { Cookies = StringValues cookies
          Arrived = world.Clock.GetUtcNow()
          CanSendCookie = true
          IsPrefetch = false }

    let scope = SessionScope(Homes.find named, hostOf visit)
    let saw = ref None
    let isCounted = ref false

    let see (session: Session) =
        saw.Value <- Some(Session.status session)
        isCounted.Value <- false

    let counting (session: Session) =
        isCounted.Value <- true
        increment session

    let stepping whenGone (step: Session -> Session) =
        task {
            let seeing session =
                see session
                struct (step session, ())

            let! _ = scope.Step(whenGone, seeing, CancellationToken.None)
            ()
        }


    let work () : Task<unit> =
        match tryStep counting deed, deed with
        | Some(whenGone, step), _ -> stepping whenGone step
        | None, Deed.Merge ->
            task {
                let! _ =
                    scope.StepOnce(fun session ->
                        see session
                        Task.FromResult(struct (Session.set note "merged" session, ())))

                ()
            }
        | None, Deed.RevokeOwner ->
            task {
                let! _ = OwnerSessions.revokeOwner named "alice" CancellationToken.None
                ()
            }
        | None, _ ->
            task {
                let! _ = OwnerSessions.revokeAll named CancellationToken.None
                ()
            }

    task {
        let respond failure =
            answer
                { Deed = deed
                  Failure = failure
                  IsCounted = isCounted.Value
                  Saw = saw.Value
                  Token = tokenNow scope
                  IsExpired = scope.Work.Cookie.IsExpire }

        try
            do! work ()
            respond None
        with e ->
            respond (Some e)
    }

let private performOn (named: SessionDefinition) (world: World) deed (token: string) (answer: Came -> unit) : Task =
    performWith named world deed $"{named.Settings.CookieName}={token}" answer

let perform (world: World) = performOn world.Named world

/// In a process of its own.
let private performApart (world: World) = performOn { world.Named with Queues = CommitQueues() } world

let private pass (world: World) (minutes: float) = world.Clock.Advance(TimeSpan.FromMinutes minutes)

/// The older and the newer token.
let private prepare (world: World) (scene: Scene) : string * string =
    let shown token =
        let given = ref token
        (perform world Deed.Read token (fun came -> given.Value <- Option.defaultValue token came.Token)).Wait()
        given.Value

    pass world 12.

    match scene with
    | Scene.Due -> world.Token, world.Token
    | Scene.Unanswered -> world.Token, shown world.Token
    | Scene.Copied ->
        let newer = shown world.Token
        shown newer |> ignore
        pass world 6.
        world.Token, newer

let tell inner (scene: Scene) (deeds: (Deed * bool) list) (choose: Choose) : Told =
    let world = World(inner, Some "alice", choose, definition)
    let older, newer = prepare world scene
    let answers = List<Came>()
    let add came = lock answers (fun () -> answers.Add came)

    // Who leaves a queue goes on on another thread: with more than two, the choices would depend on how fast.
    let perform = if deeds.Length > 2 then performApart world else perform world
    let actors =
        [ for deed, isOlder in deeds -> fun () -> perform deed (if isOlder then older else newer) add ]

    world.Scheduler.Run(actors, choose, (fun _ -> Behaviour.Pass))
    let answers = List.ofSeq answers

    { World = world
      Start = newer
      Generation = if scene = Scene.Due then 0 else 1
      Answers = answers
      Given = List.distinct (older :: newer :: List.choose _.Token answers) }
