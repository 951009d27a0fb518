/// Requests of a session's device, of others, and of the browser itself, over a store whose calls a scheduler orders.
module internal Runa.Session.Tests.BoundWorlds

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests
open Runa.Session.Tests.Deeds
open Runa.Session.Tests.Devices
open Runa.Session.Tests.Interleavings
open Runa.Session.Tests.Scheduler
open Runa.Session.Tests.Visits

let private definition =
    let registry =
        setup (clock ()) (memory (clock ()))
        |> SessionSetup.session "web" (fun o ->
            { o with IdleTimeout = Some(TimeSpan.FromMinutes 20.); DeviceBound = DeviceBound.Offer })
        |> SessionRegistry.create

    Engine.definition registry "web"

/// Where the binding stands at the beginning.
[<RequireQualifiedAccess>]
type Scene =
    /// The browser has been offered it.
    | Offered
    /// It has registered, and nobody has shown the bound cookie.
    | Registered
    | Bound

/// What comes then.
[<RequireQualifiedAccess>]
type Act =
    /// A request, with the session's cookie and the bound one.
    | OfDevice of Deed
    /// A request with the session's cookie only.
    | OfOther of Deed
    | Register
    /// With the challenge of the registration, and the session's cookie, or without.
    | Refresh of isBare: bool

/// What it came to. `Reply`: the status that the browser itself was answered.
[<NoComparison; NoEquality>]
type Done =
    { Act: Act
      Failure: exn option
      IsCounted: bool
      Saw: SessionStatus option
      Token: string option
      Reply: int option }

/// Answers in the order in which they came; `Id`: of the device; `Given`: every token that there is.
[<NoComparison; NoEquality>]
type Outcome =
    {
        World: World
        Scene: Scene
        Id: string
        Answers: Done list
        Given: string list
        /// What the device's next refresh is answered, with the cookie of the session at the beginning, and without.
        Refreshes: bool -> int
    }

let private device = ecDevice ()

let private protocol (named: SessionDefinition) = DeviceProtocol(Homes.find named, named.Devices.Value)
let private wait (work: Task<'T>) : 'T = work.GetAwaiter().GetResult()

/// The owner's sign-in, in whose response a binding is offered: its token and its challenge.
let private offer (world: World) : string * string =
    let named = world.Named

    let visit =
        { Cookies = StringValues $"{named.Settings.CookieName}={world.Token}"
          Arrived = world.Clock.GetUtcNow()
          CanSendCookie = true
          IsPrefetch = false }

    let scope = SessionScope(Homes.find named, hostOf visit)
    let step (session: Session) = struct (Session.signIn "alice" session, Session.has mark session)
    let struct (isMarked, _) = wait (scope.Step(WhenGone.StepAgain, step, CancellationToken.None).AsTask())

    if not isMarked then
        failwith "the session at the beginning is not the one that is marked"

    (tokenNow scope).Value, (HostedDevices.offer scope).Value.Challenge

let tell inner (scene: Scene) (acts: Act list) (choose: Choose) : Outcome =
    let world = World(inner, Some "alice", choose, definition)
    let named = world.Named
    let token, registering = offer world
    let own = $"{named.Settings.CookieName}={token}"
    let register (protocol: DeviceProtocol) = protocol.Register(registration device registering)

    let id =
        match named.Devices.Value.Challenges.Read(world.Clock.GetUtcNow(), registering) with
        | ChallengeReading.Good(DeviceChallenge.Register(id, _, _, _)) -> id
        | _ -> failwith "the offer has no challenge"

    let bound, challenge =
        match scene with
        | Scene.Offered -> "", ""
        | Scene.Registered
        | Scene.Bound ->
            match wait (register (protocol named)) with
            | DeviceReply.Passed pass ->
                $"{pass.Cookie.Cookie.Name}={pass.Cookie.Lines.Head.Value.Value}", pass.Challenge
            | reply -> failwith $"the registration was answered {BoundShops.statusOf reply}"

    if scene = Scene.Bound then
        (RotationWorlds.performWith named world Deed.Read $"{own}; {bound}" ignore).Wait()

    let answers = List<Done>()

    // Who leaves a queue goes on on another thread: with more than two, the choices would depend on how fast.
    let named = if acts.Length > 2 then { named with Queues = CommitQueues() } else named

    let add (act: Act) (came: RotationWorlds.Came) =
        lock answers (fun () ->
            answers.Add
                { Act = act
                  Failure = came.Failure
                  IsCounted = came.IsCounted
                  Saw = came.Saw
                  Token = came.Token
                  Reply = None })

    let asked (act: Act) (ask: DeviceProtocol -> Task<DeviceReply>) : Task =
        task {
            let answer failure reply =
                lock answers (fun () ->
                    answers.Add
                        { Act = act; Failure = failure; IsCounted = false; Saw = None; Token = None; Reply = reply })

            try
                let! reply = ask (protocol named)
                answer None (Some(BoundShops.statusOf reply))
            with e ->
                answer (Some e) None
        }

    let refreshWith (cookies: string | null) (challenge: string) (protocol: DeviceProtocol) =
        protocol.Refresh(id, Some(refresh device challenge), StringValues cookies)

    let actors =
        [ for act in acts ->
              fun () ->
                  match act with
                  | Act.OfDevice deed -> RotationWorlds.performWith named world deed $"{own}; {bound}" (add act)
                  | Act.OfOther deed -> RotationWorlds.performWith named world deed own (add act)
                  | Act.Register -> asked act register
                  | Act.Refresh isBare -> asked act (refreshWith (if isBare then null else own) challenge) ]

    world.Scheduler.Run(actors, choose, (fun _ -> Behaviour.Pass))
    let answers = List.ofSeq answers

    let refreshes (isBare: bool) =
        let cookies = if isBare then null else own

        match wait (refreshWith cookies "an older challenge" (protocol named)) with
        | DeviceReply.Challenged(_, challenge) ->
            BoundShops.statusOf (wait (refreshWith cookies challenge (protocol named)))
        | reply -> BoundShops.statusOf reply

    { World = world
      Scene = scene
      Id = id
      Answers = answers
      Given = List.distinct (token :: List.choose _.Token answers)
      Refreshes = refreshes }
